import Foundation
import TestSupport

/// Random objects of a tenant who means harm.
struct HostileObjects {
    static let namespace = "mallory"
    private static let created = "2026-01-01T00:00:00Z"

    private var grammar: ExpressionGrammar
    private let tenants: Int
    /// Ports of the controller and its HAProxy, which pods are said to be at.
    private let ports: [Int]
    /// Certificates with their keys: broken ones, and good ones for hosts of others.
    private let certificates: [[String: [UInt8]]]
    private var count = 0

    init(seed: UInt64, tenants: Int, ports: [Int]) throws {
        grammar = ExpressionGrammar(seed: seed)
        self.tenants = tenants
        self.ports = ports
        let authority = try TestCertificates("Mallory's authority")
        let issued = [
            try authority.leaf("tenant-0.example.com"), try authority.leaf("*.example.com"),
            try authority.expired("mallory.example.com"),
            try authority.leaf("mallory.example.com", key: .fixed(seed: Array(repeating: 7, count: 32))),
        ]
        var certificates = issued.map { ["tls.crt": $0.certificate, "tls.key": $0.key] }
        certificates.append(["tls.crt": issued[0].certificate, "tls.key": issued[1].key])
        certificates.append(["tls.crt": Array(issued[0].certificate.prefix(300)), "tls.key": issued[0].key])
        certificates.append(["tls.crt": [0, 255, 10], "tls.key": Array("-----BEGIN PRIVATE KEY-----\n".utf8)])
        certificates.append([
            "tls.crt": Array(repeating: issued[0].certificate, count: 200).flatMap { $0 }, "tls.key": issued[0].key,
        ])
        certificates.append(["mallory": Array("$5$x".utf8), "a b": Array("x\ny".utf8)])
        self.certificates = certificates
    }

    /// An object of a kind that depends on the slot.
    ///
    /// - Parameter name: of the object that is in the slot; without one it gets a name, which may be new.
    mutating func object(_ slot: Int, name: String?) throws -> (name: String, SoakObject) {
        count += 1
        let name = name ?? (grammar.generator.chance(60) ? "m-\(slot)" : "m-\(slot)-\(count)")
        let object =
            switch slot % 20 {
            case 0..<9: try ingress(name)
            case 9: try canaries(name)
            case 10..<14: try service("svc-\(slot)")
            case 14..<18: try slice(name)
            default: try secret("secret-\(slot)")
            }
        return (name, object)
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &grammar.generator) }

    private mutating func victim() -> Int { number(0...tenants - 1) }

    // MARK: - Ingresses

    private mutating func ingress(_ name: String) throws -> SoakObject {
        var annotations: [String: String] = [:]
        for _ in 0..<number(1...4) {
            let (key, value) = annotation()
            annotations[key] = value
        }
        var rules: [[String: Any]] = []
        for _ in 0..<number(1...3) { rules.append(SoakObject.rule(host: host(), paths: (0..<number(1...4)).map { _ in path() })) }
        var spec: [String: Any] = ["rules": rules]
        if grammar.generator.chance(30) {
            spec["tls"] = [["hosts": [host() ?? "mallory.example.com"], "secretName": secretName()]]
        }
        if grammar.generator.chance(5) { spec["defaultBackend"] = ["service": ["name": serviceName(), "port": ["number": 80]]] }
        return try SoakObject(
            .ingress, namespace: Self.namespace, name: name, annotations: annotations, created: Self.created,
            content: ["spec": spec])
    }

    /// Many Services at one path.
    private mutating func canaries(_ name: String) throws -> SoakObject {
        let path = grammar.generator.pick(["/", "/canary", "/login"])
        let paths = (0..<number(10...120)).map { _ in SoakObject.path(path, "Prefix", service: serviceName()) }
        return try SoakObject(
            .ingress, namespace: Self.namespace, name: name, created: Self.created,
            content: ["spec": ["rules": [SoakObject.rule(host: host(), paths: paths)]]])
    }

    private mutating func host() -> String? {
        switch number(0...9) {
        case 0, 1, 2: "tenant-\(victim()).example.com"
        case 3: "*.tenant-\(victim()).example.com"
        case 4:
            grammar.generator.pick([
                "*.example.com", "*", "TENANT-1.example.com", "tenant-1.example.com.", "a b", "x\u{0}y", "..", "",
            ])
        case 5: nil
        case 6: String(repeating: "a.", count: number(1...200)) + "com"
        default:
            grammar.generator.pick([
                "mallory.example.com", "a.mallory.example.com", "evil.example.com", "m\(number(0...500)).example.com",
            ])
        }
    }

    /// Never one that is more specific than a path that others are asked for: anybody may have those.
    private mutating func path() -> [String: Any] {
        let long = String(
            repeating: "a", count: grammar.generator.pick([100, 1_000, 2_000, 8_000, 16_300, 16_375, 16_400, 70_000]))
        let text =
            switch number(0...9) {
            case 0, 1, 2: "/"
            case 3: "/\(long)"
            case 4: "/\(long)tenant-\(victim()).example.com/"
            case 5: grammar.generator.pick(["/nothing", "/login", "/canary", "/nothing/\(number(0...99))"])
            case 6:
                grammar.generator.pick([
                    "nopath", "", "/a b", "/#", "/ü", "/a\\b", "/a\u{0}b", "/a\nb c", "/%00", "/a//b", "//", "/*", "/.*",
                ])
            case 7: "/nothing/" + grammar.logFormat()
            default: "/m\(number(0...99))"
            }
        return SoakObject.path(
            text, grammar.generator.pick(["Prefix", "Prefix", "Exact", "ImplementationSpecific", "Nonsense"]),
            service: serviceName(),
            port: grammar.generator.chance(90) ? "http" : number(-1...70_000))
    }

    private mutating func serviceName() -> String {
        grammar.generator.chance(95) ? "svc-\(number(0...20) * 20 + number(10...13))" : "none"
    }

    private mutating func secretName() -> String {
        grammar.generator.chance(80) ? "secret-\(number(0...20) * 20 + number(18...19))" : "tenant-\(victim())/certificate"
    }

    // MARK: - Annotations

    private mutating func annotation() -> (key: String, value: String) {
        switch number(0...99) {
        case 0..<30: ("backend-config-snippet", snippet())
        case 30..<38: ("request-set-header", headers())
        case 38..<45: ("response-set-header", headers())
        case 45..<52: ("path-rewrite", rewrites())
        case 52..<56: ("request-capture", (0..<number(1...40)).map { _ in grammar.expression() }.joined(separator: "\n"))
        case 56..<60: ("rate-limit-requests", "\(number(-1...1_000))")
        case 60..<64: ("rate-limit-period", "\(number(0...500))\(grammar.generator.pick(["s", "ms", "m", "h", "d", "x"]))")
        case 64..<66: ("rate-limit-size", grammar.generator.pick(["2147M", "1000", "1048576", "-1", "99999999999999999999"]))
        case 66..<72: ("ssl-passthrough", "true")
        case 72..<76:
            (
                "load-balance",
                grammar.generator.pick([
                    "hash \(grammar.expression())", "static-rr", "first", "source", "rdp-cookie(x", "random(0)",
                ])
            )
        case 76..<79: ("src-ip-header", grammar.generator.pick(["X-IP-\(number(0...99))", "Host", "a b", "%[env(PATH)]"]))
        case 79..<82:
            ("cors-allow-origin", grammar.generator.pick(["^(a+)+$", "https://(.*", "*", "https://\(grammar.expression())"]))
        case 82..<84:
            (
                "allow-list",
                grammar.generator.pick(["127.0.0.300", "patterns/../../etc/passwd", "0.0.0.0/0", "localhost", "::/0,1"])
            )
        case 84..<86: ("auth-secret", "tenant-\(victim())/users")
        case 86..<88:
            ("request-redirect", grammar.generator.pick(["tenant-1.example.com", "a b", "x:99999", grammar.logFormat()]))
        case 88..<90: ("set-host", grammar.logFormat())
        case 90..<92: ("cookie-persistence", grammar.generator.pick(["pod", "a b", "x;y", grammar.expression()]))
        case 92..<94:
            (grammar.generator.pick(["maxconn", "nbthread", "global-config-snippet", "hard-stop-after", "nonsense"]), "1")
        case 94..<96:
            (
                grammar.generator.pick(["check-interval", "timeout-server", "timeout-connect"]),
                grammar.generator.pick(["1ms", "0", "-1s", "999999d", "1h"])
            )
        case 96..<98: ("standalone-backend", "true")
        case 98: ("response-set-header", "X-Huge " + String(repeating: grammar.expression(), count: number(1...20_000)))
        default:
            (
                grammar.generator.pick([
                    "path-normalization", "server-ca", "server-crt", "server-proto", "server-ssl", "pod-maxconn", "check-http",
                    "scale-server-slots", "send-proxy-protocol", "ssl-redirect-port", "forwarded-for", "abortonclose",
                ]), grammar.generator.chance(50) ? grammar.acl() : "\(number(-1...100_000))"
            )
        }
    }

    /// Lines that HAProxy refuses with a line, without one, and some that it takes.
    private mutating func snippet() -> String {
        let number = number(0...9_999)
        return grammar.generator.pick([
            "no-such-keyword-\(number)", "http-request deny if { no_such_fetch(\(number)) }",
            "use-server nobody-\(number) if TRUE",
            "http-request set-header X %[", "acl a path -f /no/such/file-\(number)", "acl a src 127.0.0.300",
            "balance nope-\(number)",
            "http-request lua.nope-\(number)", "timeout server never", "errorfile 503 /no/such/file",
            "email-alert mailers none-\(number)",
            "http-request track-sc0 src table none-\(number)", "stick on src table none-\(number)", "http-check send-state nope",
            "no-such-keyword [haproxy.cfg:\(number % 500)] : 'tenant-1_svc_main_http'", "backend tenant-1_svc_main_http",
            "http-response set-header X-Mallory \(number)", "server mine 127.0.0.1:9",
            "stick-table type ip size 1k expire \(number + 1)s",
        ])
    }

    private mutating func headers() -> String {
        (0..<grammar.generator.pick([1, 1, 2, 10, 100])).map { _ in
            let name = grammar.generator.pick([
                "X-Mallory-\(number(0...9_999))", "X-Site", "Host", "Connection", "X_Site", "a b", "",
            ])
            return "\(name) \(grammar.generator.chance(50) ? grammar.logFormat() : "v\(number(0...99))")"
        }.joined(separator: "\n")
    }

    private mutating func rewrites() -> String {
        let expressions = [
            "^/(a+)+$", "(?<n>a)(?<n>b)", "'certs/frontend/tenant-0_certificate.pem'(?<n>a)(?<n>b)", "(a|aa)+$", "^/(.*a){30}$",
            "[", "^/(.*)",
            "(?R)", "a{1,60000}", "\\p{Nope}", "(*LIMIT_MATCH=1)x",
        ]
        return (0..<grammar.generator.pick([1, 1, 3, 33, 400])).map { _ in
            "\(grammar.generator.pick(expressions)) /\(grammar.generator.pick(["x", "\\1", "\\99", "%[src]", "\""]))"
        }.joined(separator: "\n")
    }

    // MARK: - Services, pods, certificates

    private mutating func service(_ name: String) throws -> SoakObject {
        var annotations: [String: String] = [:]
        if grammar.generator.chance(50) { annotations["route-acl"] = grammar.acl() }
        if grammar.generator.chance(30) {
            let (key, value) = annotation()
            annotations[key] = value
        }
        var spec: [String: Any] = [
            "ports": [
                [
                    "name": "http", "port": 80, "targetPort": 8080,
                    "appProtocol": grammar.generator.pick(["http", "kubernetes.io/h2c", "x y"]),
                ]
            ]
        ]
        if grammar.generator.chance(25) {
            spec["type"] = "ExternalName"
            spec["externalName"] = grammar.generator.pick([
                "silent-\(number(0...99)).invalid", "localhost", "127.0.0.1", "0177.0.0.1", "2130706433", "::1", "a b",
                "tenant-1.example.com", String(repeating: "a", count: 300),
            ])
        }
        return try SoakObject(
            .service, namespace: Self.namespace, name: name, annotations: annotations, created: Self.created,
            content: ["spec": spec])
    }

    private mutating func slice(_ name: String) throws -> SoakObject {
        let service = serviceName()
        let type = grammar.generator.pick(["IPv4", "IPv4", "IPv6", "FQDN", "Nonsense"])
        let addresses = (0..<grammar.generator.pick([1, 1, 3, 50])).map { _ in
            grammar.generator.pick([
                "127.0.0.1", "127.0.0.300", "127.0.0.1\u{0}.example.com", "::1", "0.0.0.0", "169.254.169.254", "silent.invalid",
                "a b", "",
                "10.255.\(number(0...255)).\(number(0...255))", "::ffff:127.0.0.1", "fe80::1%lo",
                "127.201.\(number(0...9)).\(number(1...99))",
            ])
        }
        let port = grammar.generator.pick(ports + [1, 22, 65_535, 0, -1, 70_000])
        return try SoakObject(
            .endpointSlice, namespace: Self.namespace, name: name, labels: ["kubernetes.io/service-name": service],
            created: Self.created,
            content: [
                "addressType": type,
                "endpoints": [["addresses": addresses, "conditions": ["ready": grammar.generator.chance(90)]]],
                "ports": [["name": "http", "protocol": "TCP", "port": port]],
            ])
    }

    private mutating func secret(_ name: String) throws -> SoakObject {
        try SoakObject(
            .secret, namespace: Self.namespace, name: name, created: Self.created,
            content: ["type": "kubernetes.io/tls", "data": SoakObject.data(grammar.generator.pick(certificates))])
    }
}

/// Requests to the hostile tenant's own hosts. Their paths cost much where regular expressions are not bounded.
struct HostileRequests {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func next() -> Probe {
        Probe(
            host: generator.pick(["mallory.example.com", "a.mallory.example.com", "evil.example.com"]),
            path: "/" + String(repeating: "a", count: Int.random(in: 0...4_000, using: &generator)) + "!",
            headers: [
                ("X-Forwarded-For", "198.51.100.\(Int.random(in: 0...255, using: &generator))"), ("Cookie", "pod=x; staging=1"),
            ])
    }
}
