import Annotations
import ArgumentParser
import Controller
import Core
import Foundation

/// Measures the way from manifests to files: how many objects a second, and how much memory at the most.
@main
struct RenderBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render-benchmark",
        abstract:
            "Renders generated Ingresses with their Services and EndpointSlices and prints objects per second and peak memory.",
        discussion: """
            Each size runs in a process of its own, so that its memory is its own. "parse" reads the YAML, "assemble" makes the \
            desired state of the objects, "render" makes the text of all files.
            """)

    @Option(name: .customLong("ingresses"), help: ArgumentHelp("A number of Ingresses; can be repeated.", valueName: "count"))
    var sizes: [Int] = [1_000, 10_000]

    @Flag(help: ArgumentHelp("Measure in this process.", visibility: .hidden))
    var single = false

    @Flag(help: "Give each Ingress annotations of its own.")
    var annotated = false

    func run() throws {
        guard single else {
            // Written at once: the processes that measure write after it.
            FileHandle.standardOutput.write(
                Data("ingresses  objects  parse(s)  assemble(s)  render(s)  objects/s  peak(MB)\n".utf8))
            for size in sizes {
                let process = Process()
                process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
                process.arguments = ["--single", "--ingresses", String(size)] + (annotated ? ["--annotated"] : [])
                try process.run()
                process.waitUntilExit()
                guard process.terminationStatus == 0 else { throw ExitCode.failure }
            }
            return
        }
        for size in sizes { try measure(size) }
    }

    private func measure(_ size: Int) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("render-benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for first in stride(from: 0, to: size, by: 500) {
            let text = (first..<min(first + 500, size)).map(manifest).joined()
            try Data(text.utf8).write(to: directory.appendingPathComponent("\(first).yaml"))
        }
        let registry = try AnnotationRegistry(AnnotationHandlers.all)
        let clock = ContinuousClock()

        var loaded: LoadedManifests?
        let parse = clock.measure { loaded = ManifestSource.load(paths: [directory.path]) }
        guard let objects = loaded?.update.changed else { throw ExitCode.failure }
        loaded = nil
        let store = ObjectStore(objects)
        let live = Assembler(Engine(registry: registry, options: EngineOptions()), store: store)
        var made: DesiredState?
        let assemble = clock.measure { made = live.update(now: 0).state.whole }
        guard var state = made else { throw ExitCode.failure }
        var bytes = 0
        let render = clock.measure {
            bytes = state.renderedFiles(inlining: InlinedSettings.usualLimit).values.reduce(0) { $0 + $1.count }
        }
        guard objects.count == size * 3, state.maps["host"]?.entries.count == size, bytes > 0 else { throw ExitCode.failure }

        let total = parse + assemble + render
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let columns = [
            column(String(size), 9), column(String(objects.count), 7), column(seconds(parse), 8), column(seconds(assemble), 11),
            column(seconds(render), 9), column(String(Int(Double(objects.count) / (total / .seconds(1)))), 9),
            column(String(usage.ru_maxrss / 1024), 8),
        ]
        print(columns.joined(separator: "  "))
    }

    private func column(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
    private func seconds(_ duration: Duration) -> String { String(format: "%.2f", duration / .seconds(1)) }

    private func manifest(_ index: Int) -> String {
        let annotations =
            !annotated
            ? ""
            : """

              annotations:
                haproxy.org/cors-enable: "true"
                haproxy.org/cors-allow-origin: https://site-\(index).example.com
                haproxy.org/rate-limit-requests: "\(100 + index)"
                haproxy.org/request-set-header: X-Site site-\(index)
            """
        return """
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata:
              name: site-\(index)
              namespace: team-\(index % 50)\(annotations)
            spec:
              rules:
                - host: site-\(index).example.com
                  http:
                    paths:
                      - path: /
                        pathType: Prefix
                        backend:
                          service:
                            name: site-\(index)
                            port:
                              number: 80
            ---
            apiVersion: v1
            kind: Service
            metadata:
              name: site-\(index)
              namespace: team-\(index % 50)
            spec:
              selector:
                app: site-\(index)
              ports:
                - name: http
                  port: 80
                  targetPort: 8080
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata:
              name: site-\(index)-1
              namespace: team-\(index % 50)
              labels:
                kubernetes.io/service-name: site-\(index)
            addressType: IPv4
            ports:
              - name: http
                port: 8080
            endpoints:
              - addresses: [10.\(index / 65536).\(index / 256 % 256).\(index % 256)]
              - addresses: [10.\(100 + index / 65536).\(index / 256 % 256).\(index % 256)]
            ---

            """
    }
}
