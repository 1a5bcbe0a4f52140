import Annotations
import Core
import Foundation
import TestSupport
import Testing

/// `explain` and a real HAProxy are asked about random requests over random manifests.
@Suite("Explain beside HAProxy", .manifestsOnly("the ages of objects are given"))
struct ExplainComparisonTests {
    private static let hosts = ["shop.local", "good.local", "*.wild.local", "a.wild.local"]
    private static let otherHosts = ["b.wild.local", "a.b.wild.local", "nobody.local"]
    private static let paths = ["/", "/a", "/a/", "/a/b", "/A"]
    /// What clients send in place of a host.
    private static let noHosts = ["shop.local, good.local", "user@shop.local", "shop.local/a", "shop local"]
    private static let otherPaths = [
        "/./a", "/x/../a", "/a;x/b", "/a;x", "/%2Fa", "/a%2fb", "/a/%2e%2e/b", "/a/.", "/%c3%a9", "/a/%5c", "/a/b/c", "/ab",
        "/a//b", "/%61", "/a/b?x=1", "/c?y", "//a",
    ]

    @Test("both tell the same answer for random requests over random manifests", arguments: 0..<4)
    func compare(_ round: Int) async throws {
        var random = SeededGenerator()
        for _ in 0..<round { _ = random.next() }
        let text = Self.manifests(&random)
        let requests = (0..<90).map { _ in Self.request(&random) }
        let seed = "TEST_SEED=\(random.seed) round \(round)"
        try await TestController.with(["all.yaml": text], pods: (1...5).map { "pod-\($0)" }) { controller async throws in
            let assembly = try Self.assemble(controller)
            for (request, matches) in requests {
                let name = request.serverName ?? "plain.local"
                var headers = ["Host": request.authority]
                if matches { headers["X-Next"] = "1" }
                let response = try await controller.request(
                    "\(request.isTLS ? "https" : "http")://\(name)\(request.path)\(request.query)", headers: headers)
                let way = assembly.answers(to: request).first { $0.condition == nil || matches }
                let asked =
                    "\(seed): \(request) X-Next: \(matches): explain says \(String(describing: way?.answer)), HAProxy \(response.status) \(response.headers)\n\(text)"
                switch way?.answer {
                case .pods(let backend):
                    let pods = Self.pods(of: backend, assembly)
                    #expect(pods.isEmpty ? response.status == 503 : response.pod.map { pods.contains($0) } ?? false, "\(asked)")
                case .redirect(let status, let location):
                    #expect(response.status == status && response.header("location") == location, "\(asked)")
                case .status(let status, _):
                    // HAProxy 3.0 ends an HTTP/2 request for what no host can be: curl's CURLE_HTTP2_STREAM.
                    let isEnded = status == 400 && request.isTLS && response.curlStatus == 92
                    #expect((response.status == status || isEnded) && response.pod == nil, "\(asked)")
                // The pods speak no TLS.
                case .passedThrough, .closedConnection: #expect(response.status == 0 && response.curlStatus != 0, "\(asked)")
                case nil: Issue.record("\(asked)")
                }
            }
        }
    }

    private static func assemble(_ controller: TestController) throws -> AssemblyReport {
        let file = controller.manifests.appendingPathComponent("all.yaml")
        let decoded = decodeDocuments(Array(try Data(contentsOf: file)), file: "all.yaml")
        #expect(decoded.findings.isEmpty, "\(decoded.findings)")
        var options = EngineOptions()
        (options.ipv4Address, options.ipv6Address) = ("127.0.0.1", nil)
        let engine = Engine(registry: try AnnotationRegistry(AnnotationHandlers.all), options: options)
        return engine.assemble(ObjectStore(decoded.objects.map(\.object)), now: Int(Date().timeIntervalSince1970))
    }

    private static func pods(of backend: String, _ assembly: AssemblyReport) -> Set<String> {
        let servers = assembly.state.sections.first { $0.isBackend && $0.name == backend }?.pool?.servers ?? []
        return Set(servers.map { "pod-\($0.endpoint.prefix { $0 != ":" }.split(separator: ".").last ?? "")" })
    }

    private static func request(_ random: inout SeededGenerator) -> (RequestOutline, matches: Bool) {
        func name() -> String { random.pick(hosts + otherHosts).replacing("*", with: "x") }
        let host = name()
        var authority = random.pick([host, host, host.uppercased(), host + ".", host.capitalized + "..", host])
        authority += random.pick(["", "", "", ":80", ":443", ":8080"])
        if random.chance(8) { authority = random.pick(noHosts) }
        let path = random.pick(paths + otherPaths)
        let question = path.firstIndex(of: "?") ?? path.endIndex
        let isTLS = random.chance(50)
        return (
            RequestOutline(
                authority: authority, path: String(path[..<question]), query: String(path[question...]), isTLS: isTLS,
                serverName: isTLS ? random.pick([host, host, name()]) : nil),
            random.chance(30)
        )
    }

    private static func manifests(_ random: inout SeededGenerator) -> String {
        var text = Manifests.configMap(["global-config-snippet": "expose-experimental-directives"])
        for namespace in ["shop", "other"] {
            let first = namespace == "shop" ? 1 : 3
            text +=
                Manifests.service("one", namespace: namespace, pods: [first])
                + Manifests.service("two", namespace: namespace, pods: [first + 1])
                + Manifests.service("empty", namespace: namespace, pods: [])
                + Manifests.service(
                    "next", namespace: namespace, pods: [5], annotations: ["route-acl": "req.hdr(x-next) -m found"])
        }
        for number in 0..<random.pick([6, 10, 16]) {
            var annotations: [String: String] = [:]
            func maybe(_ percent: Int, _ key: String, _ values: String...) {
                if random.chance(percent) { annotations[key] = random.pick(values) }
            }
            maybe(20, "ssl-redirect", "true", "false")
            maybe(20, "ssl-redirect-code", "301", "308")
            maybe(10, "ssl-redirect-port", "8443")
            maybe(
                20, "request-redirect", "good.local", "shop.local:8080", "moved.example.com", "a.wild.local:80", "good.local:443",
                "https://good.local", "http://shop.local:80", "https://moved.example.com:8443")
            maybe(20, "request-redirect-code", "301", "307")
            maybe(12, "ssl-passthrough", "true")
            maybe(25, "path-normalization", "safe", "full", "off")
            // Protections that cannot be built.
            maybe(8, "allow-list", "no-network")
            if random.chance(8) { annotations.merge(["auth-type": "basic-auth", "auth-secret": "missing"]) { $1 } }
            let host = random.chance(12) ? nil : random.pick(hosts)
            let ingress = Manifests.ingress(
                "i\(number)", namespace: random.pick(["shop", "shop", "other"]), host: host, path: random.pick(paths),
                pathType: random.chance(30) ? "Exact" : "Prefix", service: random.pick(["one", "two", "empty", "gone", "next"]),
                annotations: annotations, tls: random.chance(25) ? "none" : nil,
                created: "202\(random.pick([1, 2, 3, 4]))-01-01T00:00:00Z")
            let backend = "spec:\n  defaultBackend: {service: {name: \(random.pick(["one", "two"])), port: {name: http}}}\n"
            text += random.chance(12) ? ingress.replacing("spec:\n  ", with: backend + "  ", maxReplacements: 1) : ingress
        }
        return text
    }
}
