// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "company-ingress",
    products: [.executable(name: "company-ingress", targets: ["company-ingress"])],
    dependencies: [
        // Outside of this repository: .package(url: "https://...", from: "...").
        .package(name: "haproxy-ingress", path: "../..")
    ],
    targets: [
        // The company's own annotations; the plug-in finds them.
        .target(
            name: "CompanyAnnotations",
            dependencies: [.product(name: "Core", package: "haproxy-ingress")],
            plugins: [.plugin(name: "RegisterAnnotations", package: "haproxy-ingress")]),

        // The controller with the built-in annotations and the company's.
        .executableTarget(
            name: "company-ingress",
            dependencies: [
                "CompanyAnnotations",
                .product(name: "Annotations", package: "haproxy-ingress"),
                .product(name: "Controller", package: "haproxy-ingress"),
            ]),

        .testTarget(
            name: "CompanyAnnotationsTests",
            dependencies: [
                "CompanyAnnotations",
                .product(name: "Annotations", package: "haproxy-ingress"),
                .product(name: "AnnotationTesting", package: "haproxy-ingress"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
