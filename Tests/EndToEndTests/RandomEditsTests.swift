import Foundation
import TestSupport
import Testing

@Suite("Random edits")
struct RandomEditsTests {
    /// What `render` makes has no backends in reserve. Settings are in backends as they were at the last load, which files of
    /// another history need not have.
    private static let arguments = ["--spare-backends", "0"] + inlining
    private static let inlining = ["--inlined-backends", "0"]

    @Test("edits applied live end in the same files, maps and servers as a fresh start (RANDOM_EDITS_SEED repeats a run)")
    func edits() async throws {
        var random = SeededGenerator(variable: "RANDOM_EDITS_SEED")
        print("RANDOM_EDITS_SEED=\(random.seed)")
        let cluster = try RandomCluster()
        let start = cluster.initial
        // Nobody listens at the pods' addresses: health checks would only add noise.
        try await TestController.with(start, pods: [], arguments: Self.arguments) { controller async throws in
            var files = start
            for edit in 1...60 {
                let (name, text) = cluster.edit(files: files, random: &random)
                // An API server takes no such text.
                if ObjectMode.isCluster, text == RandomCluster.broken { continue }
                files[name] = text
                if let text { try await controller.write(name, text) } else { try? await controller.remove(name) }
                // Most edits hurry after the one before; now and then everything has to be in force.
                guard edit % 12 == 0 else { continue }
                // A fresh start knows nothing of what a broken file held before.
                for (name, text) in files where text == RandomCluster.broken {
                    files[name] = nil
                    try await controller.remove(name)
                }
                try await settle(controller)
            }
            try await TestController.with(
                [:], pods: [], network: controller.network, arguments: Self.arguments, source: controller.source
            ) { fresh async throws in
                try await compare(controller, fresh)
            }
        }
    }

    /// Waits until the files in force are those that `render` makes of the manifests.
    private func settle(_ controller: TestController) async throws {
        let (directory, manifests) = (try TemporaryDirectory("random-edits"), try TemporaryDirectory("random-objects"))
        defer {
            directory.remove()
            manifests.remove()
        }
        let rendered = try await run(
            Programs.controller,
            [
                "render", "--manifests", try await controller.currentManifests(in: manifests), "--output", directory.path,
                "--runtime-dir", controller.runtime.path,
                "--ipv4-bind-address", "127.0.0.1", "--disable-ipv6", "--http-bind-port", "\(controller.http)",
                "--https-bind-port",
                "\(controller.https)", "--healthz-bind-port", "\(controller.healthz)", "--stats-bind-port", "\(controller.stats)",
            ] + Programs.haproxyArguments + Self.inlining)
        try #require(rendered.status == 0, "\(rendered.errors)")
        let wanted = try files(below: directory.url)
        try await controller.wait("the files are those of a fresh start") {
            try files(below: controller.config) == wanted
        }
        #expect(try files(below: controller.config) == wanted)
    }

    /// The files that HAProxy reads, without the default certificate, which each controller makes for itself.
    private func files(below directory: URL) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for path in FileManager.default.enumerator(atPath: directory.path)?.allObjects as? [String] ?? [] {
            guard path != "certs/default.pem", !path.hasPrefix("."), !path.contains("/."),
                let content = FileManager.default.contents(atPath: directory.appendingPathComponent(path).path),
                (try? FileManager.default.contentsOfDirectory(atPath: directory.appendingPathComponent(path).path)) == nil
            else { continue }
            files[path] = content
        }
        return files
    }

    /// Compares what the two HAProxys run: servers, maps and certificates.
    private func compare(_ live: TestController, _ fresh: TestController) async throws {
        let wanted = Set(try await fresh.servers())
        // Servers go when their sessions have ended; backends without a route stay empty until the next reload.
        try await live.wait("the servers are those of a fresh start") {
            Set(try await live.servers()) == wanted
        }
        #expect(Set(try await live.servers()) == wanted)

        for name in try FileManager.default.contentsOfDirectory(atPath: fresh.config.appendingPathComponent("maps").path) {
            let command = "show map maps/\(name)"
            let (running, started) = (entries(try await live.runtimeAPI(command)), entries(try await fresh.runtimeAPI(command)))
            #expect(running == started, "\(name)")
        }
        let certificates = "show ssl crt-list -n certs/frontend.list"
        func lines(_ answer: String) -> Set<String> {
            Set(answer.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }.map(Self.withoutNumber))
        }
        #expect(lines(try await live.runtimeAPI(certificates)) == lines(try await fresh.runtimeAPI(certificates)))
    }

    /// `certs/x.pem:7 name` without the number.
    private static func withoutNumber(_ line: String) -> String {
        guard let colon = line.firstIndex(of: ":") else { return line }
        return String(line[..<colon] + line[line.index(after: colon)...].drop(while: \.isNumber))
    }

    private func entries(_ answer: String) -> [String] {
        answer.split(separator: "\n").filter { !$0.isEmpty }.map { line in
            line.split(separator: " ", maxSplits: 1).dropFirst().first.map(String.init) ?? String(line)
        }.sorted()
    }
}

/// A small cluster whose files are edited at random, sensibly and not.
struct RandomCluster {
    static let broken = "kind: Ingress\n  : {"
    private let certificates: [String]

    init() throws {
        certificates = try (1...3).map { number in
            let issued = try TestCertificates("authority \(number)").leaf("a.example.com", "b.example.com")
            return Manifests.secret(
                "cert", type: "kubernetes.io/tls", ["tls.crt": issued.certificateText, "tls.key": issued.keyText])
        }
    }

    var initial: [String: String] {
        [
            "service-0.yaml": Manifests.service("s0", pods: [1, 2]), "service-1.yaml": Manifests.service("s1", pods: [3]),
            "ingress-0.yaml": Manifests.ingress("i0", host: "a.example.com", service: "s0"), "cert.yaml": certificates[0],
        ]
    }

    /// The next edit: a file and its new text, nil to delete it.
    func edit(files: [String: String], random: inout SeededGenerator) -> (name: String, text: String?) {
        let number = Int.random(in: 0...5, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: return ("service-\(number).yaml", service(number, random: &random))
        case 30..<60: return ("ingress-\(number).yaml", ingress(number, random: &random))
        case 60..<68: return ("service-\(number).yaml", nil)
        case 68..<76: return ("ingress-\(number).yaml", nil)
        case 76..<84: return ("cert.yaml", certificates.randomElement(using: &random))
        case 84..<88: return ("cert.yaml", nil)
        case 88..<94:
            let data = [["timeout-client": "30s"], ["timeout-client": "never"], ["forwarded-for": "false"], [:]].randomElement(
                using: &random)
            return ("config.yaml", Manifests.configMap(data ?? [:]))
        case 94..<97: return ("ingress-\(number).yaml", Self.broken)
        default:
            return ("users.yaml", Manifests.secret("users", ["demo": "$5$hellodemo$CDRMXRVNmDQsTpqzpnUoqVO2U5LwZqBoOVGU5ShHcG1"]))
        }
    }

    private func service(_ number: Int, random: inout SeededGenerator) -> String {
        let pods = (1...5).filter { _ in Bool.random(using: &random) }
        let annotations = [[:], [:], [:], ["load-balance": "leastconn"], ["timeout-server": "7s"], ["check": "maybe"]]
            .randomElement(using: &random)
        return Manifests.service("s\(number)", pods: pods, annotations: annotations ?? [:])
    }

    private func ingress(_ number: Int, random: inout SeededGenerator) -> String {
        let host = ["a.example.com", "b.example.com", "*.example.com", nil].randomElement(using: &random) ?? nil
        let path = ["/", "/foo", "/foo/bar", "/x"].randomElement(using: &random) ?? "/"
        let type = ["Prefix", "Exact", "ImplementationSpecific"].randomElement(using: &random) ?? "Prefix"
        let annotations =
            [
                [:], [:], ["cors-enable": "true", "cors-allow-origin": "https://o\(number).example.com"],
                ["allow-list": "192.0.2.0/2\(number)"],
                ["allow-list": "somebody"], ["rate-limit-requests": "\(number + 1)"],
                ["request-set-header": "X-Number \(number)"],
                ["auth-type": "basic-auth", "auth-secret": "users"], ["ssl-redirect": "true"],
                ["set-host": "h\(number).example.com"],
            ].randomElement(using: &random) ?? [:]
        let service = Int.random(in: 0...6, using: &random)
        return Manifests.ingress(
            "i\(number)", host: host, path: path, pathType: type, service: "s\(service)", annotations: annotations,
            tls: host == nil || Bool.random(using: &random) ? nil : "cert")
    }
}
