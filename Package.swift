// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "haproxy-ingress",
    products: [
        .executable(name: "haproxy-ingress", targets: ["haproxy-ingress"]),
        .library(name: "Core", targets: ["Core"]),
        .library(name: "Annotations", targets: ["Annotations"]),
        .library(name: "Controller", targets: ["Controller"]),
        .library(name: "AnnotationTesting", targets: ["AnnotationTesting"]),
        .plugin(name: "RegisterAnnotations", targets: ["RegisterAnnotations"]),
        .plugin(name: "GenerateReference", targets: ["GenerateReference"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        // crypt(3), which the C library brings.
        .systemLibrary(name: "CCrypt"),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

        // The engine: pure, no files, sockets or clocks.
        .target(name: "Core", dependencies: ["CLibYAML", "COpenSSL"]),

        // The built-in annotation handlers; RegisterAnnotations finds them.
        .target(name: "Annotations", dependencies: ["Core"], plugins: ["RegisterAnnotations"]),

        // A small fixed cluster for the tests of handlers, here and in packages that bring their own.
        .target(name: "AnnotationTesting", dependencies: ["Core"]),

        // Everything that touches the outside: command line, sources, HAProxy's process, admin endpoint.
        .target(
            name: "Controller",
            dependencies: [
                "Core", "CCrypt", "CCurl",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .executableTarget(
            name: "haproxy-ingress", dependencies: ["Controller", "Annotations"], path: "Sources/Executable"),

        // Plug-ins and the tool that the build-tool plug-in runs.
        .executableTarget(name: "AnnotationRegistrar", path: "Plugins/AnnotationRegistrar"),
        .plugin(
            name: "RegisterAnnotations", capability: .buildTool(), dependencies: ["AnnotationRegistrar"]),
        .plugin(
            name: "GenerateReference",
            capability: .command(
                intent: .custom(
                    verb: "generate-reference",
                    description: "Write the annotation reference to Docs/annotations."),
                permissions: [.writeToPackageDirectory(reason: "writes Docs/annotations")]),
            dependencies: ["haproxy-ingress"]),

        // Small HTTP servers that play pods in the demo, the end-to-end tests and the benchmarks.
        .executableTarget(
            name: "example-pods", dependencies: [.product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Examples/pods"),

        .executableTarget(
            name: "render-benchmark",
            dependencies: [
                "Annotations", "Controller", "Core", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Benchmarks/Render"),
        .executableTarget(
            name: "scaling-benchmark",
            dependencies: ["Annotations", "Core", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Benchmarks/Scaling"),
        // The API server, the controller's process and the pods of the benchmarks that run the whole.
        .target(
            name: "BenchmarkSupport",
            dependencies: ["TestSupport", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Benchmarks/Support"),
        .executableTarget(
            name: "cluster-benchmark",
            dependencies: [
                "BenchmarkSupport", "haproxy-ingress", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Benchmarks/Cluster"),
        .executableTarget(
            name: "trace-benchmark",
            dependencies: [
                "BenchmarkSupport", "Core", "TestSupport", "haproxy-ingress",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Benchmarks/Trace"),
        .executableTarget(
            name: "soak-benchmark",
            dependencies: [
                "BenchmarkSupport", "TestSupport", "haproxy-ingress",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Benchmarks/Soak"),
        .executableTarget(
            name: "request-benchmark",
            dependencies: [
                "BenchmarkSupport", "TestSupport", "haproxy-ingress",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Benchmarks/Request"),

        // Certificates, directories, ports and waiting for the tests.
        .target(name: "TestSupport", dependencies: ["Core", "COpenSSL"], path: "Tests/TestSupport"),

        .testTarget(name: "RegistrarTests", dependencies: ["AnnotationRegistrar"]),
        // Which folder knows which.
        .testTarget(name: "ArchitectureTests", dependencies: ["AnnotationRegistrar"]),
        .testTarget(name: "CoreTests", dependencies: ["Core", "TestSupport"]),
        .testTarget(
            name: "AnnotationsTests",
            dependencies: ["Annotations", "AnnotationTesting", "Core", "Controller", "TestSupport"], exclude: ["Golden"]),
        .testTarget(name: "ControllerTests", dependencies: ["Controller", "Core", "TestSupport"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "AnnotationTesting", "Core", "Annotations", "Controller", "TestSupport", "haproxy-ingress", "example-pods",
            ]),
        // Whole controllers on real API servers, which Scripts/test --cluster starts; with the support of the end-to-end tests.
        .testTarget(
            name: "ClusterTests", dependencies: ["BenchmarkSupport", "Controller", "Core", "EndToEndTests", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)
