import Foundation

/// Random objects of tenants who mean harm, as an API server would never let them through and as it would. `victim` is whom they
/// are after: his objects are older.
public struct HostileObjects {
    public var generator: SeededGenerator
    /// The network of the pods, such as `127.20.1.`.
    private let network: String
    private let keys: [Key]
    private var grammar: ExpressionGrammar
    private var count = 0

    /// An annotation's key.
    public struct Key: Sendable {
        let name: String
        /// A value that is right.
        let example: String

        public init(name: String, example: String) {
            self.name = name
            self.example = example
        }
    }

    /// The victim's host. Paths of it that the hostile objects may have begin with `/evil`.
    public static let victimHost = "shop.example.com"
    public static let namespace = "evil"

    /// - Parameters:
    ///   - network: of the pods; theirs is at 2.
    ///   - keys: what Ingresses and Services are annotated with.
    public init(seed: UInt64, network: String, keys: [Key] = []) {
        generator = SeededGenerator(seed: seed)
        grammar = ExpressionGrammar(seed: seed)
        self.network = network
        self.keys = keys
    }

    /// Texts that mean something to some reader of text: ends of lines, blanks, quotes, characters that others are composed with.
    public static let texts = [
        "\u{2028}", "\u{2029}", "\u{85}", "\u{b}", "\u{c}", "\r", "\n", "\r\n", "\t", " ", "\u{a0}", "\u{feff}", "\0",
        "\u{1b}[2J",
        "\u{7f}", "\u{202e}", "\u{2066}", "\u{200d}", "\u{200b}", "\u{301}", "/\u{301}", ".\u{301}", "\"\u{301}", "'\u{301}",
        "#\u{301}",
        "\\\u{301}", "e\u{301}", "é", "\u{1e9e}", "ı", "K", "\u{d7ff}", "\u{e000}", "\u{fffd}", "\u{10ffff}", "😀", "\\ud800", "'",
        "\"",
        "\\", "#", "%", "%00", "%0a", "%2f", "$HOME", "${HOME}", "`", ";", "|", "&", "<<", "{", "}", "[", "]", "(", ")", ",", "*",
        "!",
        "?", "@1", "..", "//", "/../", "/./", "~", "^", "=", ":", "::", "_", "-", ".", " <<\n", "; show info",
        "\nshop.example.com/login ",
        "\n\n", " shop_svc_web_http", "shop.example.com/login", "%[env(HOME)]", "\n  server x 127.0.0.1:1", "A", "0", "-1",
        "\u{ff0e}", "\u{ff0f}", "\u{2024}",
    ]

    /// Lengths around those that readers of text end at.
    public static let lengths = [
        15, 16, 63, 64, 253, 254, 255, 256, 1023, 1024, 4000, 7168, 7169, 8192, 16_300, 16_383, 16_384, 16_385, 65_536,
    ]

    /// A text, or something that begins, ends, goes on or is put together like it.
    public mutating func spoiled(_ text: String) -> String {
        let other = generator.pick(Self.texts)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: return other
        case 1: return other + text
        case 2, 3: return text + other
        case 4:
            let length = generator.pick(Self.lengths) + Int.random(in: -1...1, using: &generator)
            return text + String(repeating: generator.chance(80) ? "a" : other, count: max(0, length - text.utf8.count))
        case 5: return generator.chance(50) ? text.uppercased() : text.decomposedStringWithCanonicalMapping + other
        case 6: return ""
        default:
            let place = text.unicodeScalars.indices.randomElement(using: &generator) ?? text.unicodeScalars.startIndex
            return String(text.unicodeScalars[..<place]) + other + String(text.unicodeScalars[place...])
        }
    }

    /// Mostly the text as it is, so that what is around it comes into force.
    private mutating func field(_ text: String, _ others: [String] = []) -> String {
        if generator.chance(85) { return text }
        return !others.isEmpty && generator.chance(50) ? generator.pick(others) : spoiled(text)
    }

    /// The hosts of the Ingresses so far.
    public var hosts: [String] { count == 0 ? [] : (1...count).map { "e\($0).evil.example.org" } }

    /// Requests that suit costly expressions worst: what follows the host, and the header `X`.
    public static let requests = [
        (target: "/evil/" + String(repeating: "a", count: 300) + "!?q=!", header: String(repeating: ",", count: 7000)),
        (target: "/evil/" + String(repeating: "a", count: 7000) + "!", header: String(repeating: "a", count: 6000) + "!"),
        (
            target: "/evil/" + String(repeating: "/a", count: 3500) + "!",
            header: Array(repeating: String(repeating: "a", count: 240), count: 28).joined(separator: ",")
        ),
    ]

    // MARK: - Objects

    /// A manifest, in JSON.
    public mutating func manifest(_ objects: Int) throws -> String {
        var items: [Any] = []
        for _ in 0..<objects {
            count += 1
            let name = "e\(count)"
            items += [ingress(name, annotations()), service(name, annotations()), slice(name)]
            if generator.chance(30) { items.append(data(name)) }
        }
        let list: [String: Any] = ["apiVersion": "v1", "kind": "List", "items": items]
        return String(decoding: try JSONSerialization.data(withJSONObject: list, options: .withoutEscapingSlashes), as: UTF8.self)
    }

    private mutating func annotations() -> [String: String] {
        guard !keys.isEmpty else { return [:] }
        var annotations: [String: String] = [:]
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let key = generator.pick(keys)
            annotations["haproxy.org/\(key.name)"] = value(of: key)
        }
        if generator.chance(25) {
            for key in keys {
                if generator.chance(50), let value = grammar.costly(key.name) { annotations["haproxy.org/\(key.name)"] = value }
            }
        }
        return annotations
    }

    private mutating func value(of key: Key) -> String {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<4: return key.example
        case 4..<7: return spoiled(key.example)
        case 7: return grammar.acl()
        case 8: return "X-A \(grammar.logFormat())"
        default: return grammar.expression()
        }
    }

    private mutating func metadata(_ name: String, _ annotations: [String: String], labels: [String: String] = [:]) -> [String:
        Any]
    {
        var metadata: [String: Any] = [
            "name": field(name, ["web", "victim_svc_web_http", "\(name).pem.key", "..", String(repeating: "n", count: 253)]),
            "namespace": field(
                Self.namespace, ["evil-2", String(repeating: "e", count: 63), "evil_svc_web", "../shop", "evil/shop"]),
        ]
        if !annotations.isEmpty { metadata["annotations"] = annotations }
        if !labels.isEmpty { metadata["labels"] = labels }
        // Valid ones are younger than the victim's, as those are that an API server writes.
        let time = field(
            "2026-02-01T00:00:00Z",
            [
                "", "0", "-1", "1970", "0000-00-00T00:00:00Z", "1999-12-31T23:59:60Z", "1999-12-31 23:59:59Z",
                "+10000-01-01T00:00:00Z",
                "1999-12-31T23:59:59+99:99", " 1999-12-31T23:59:59Z", "1999-12-31T23:59:59Z\0", "!", "1999-02-30T00:00:00Z",
            ])
        if generator.chance(90) { metadata["creationTimestamp"] = time }
        return metadata
    }

    private mutating func host(_ own: String) -> String {
        let victim = Self.victimHost
        return field(
            own,
            [
                victim, "*.example.com", "*.\(victim)", "\(victim).", "SHOP.example.com", ".example.com", "*", "*.*.com",
                "\(victim):80",
                "\(victim)/login", "default", "default.invalid", "!\(victim)", "-f", "127.0.0.1", "[::1]",
                "xn--caf-dma.example.com",
                String(repeating: "h.", count: 126) + "h", "localhost", "\(victim)\0", "a,\(victim)", "com",
            ])
    }

    private mutating func path() -> String {
        let own = "/evil" + (generator.chance(40) ? "/\(count)" : "")
        return field(
            own,
            [
                "/evil#\(Self.victimHost)/login", "/evil\u{2028}\(Self.victimHost)/login", "/café", "/cafe\u{301}", "/evil%",
                "/evil%zz",
                "/evil/", "/evil//", "/evil;x", "/evil?x", "evil", "/evil\\", "/evil\"", "/evil|x.y", "/evil.settings",
                "/" + String(repeating: "a", count: 16_384 - 17) + "\(Self.victimHost)/login",
            ])
    }

    private mutating func ingress(_ name: String, _ annotations: [String: String]) -> [String: Any] {
        let own = "\(name).evil.example.org"
        let rules = (0..<Int.random(in: 1...3, using: &generator)).map { _ -> [String: Any] in
            let paths = (0..<Int.random(in: 1...3, using: &generator)).map { _ -> [String: Any] in
                var port: [String: Any] = ["name": field("http", ["80", "-", "a--b", "http_1"])]
                if generator.chance(20) { port = ["number": generator.pick([80, 0, -1, 65_536, 8080])] }
                return [
                    "path": path(), "pathType": field(generator.pick(["Prefix", "Exact", "ImplementationSpecific"])),
                    "backend": ["service": ["name": field(name, ["web", "0", "shop/web", "../web"]), "port": port]],
                ]
            }
            return ["host": host(own), "http": ["paths": paths]]
        }
        var spec: [String: Any] = ["rules": rules]
        if generator.chance(40) {
            spec["tls"] = [
                ["hosts": [host(own), host(own)], "secretName": field("tls", ["../shop/tls", "shop/tls", "", "tls.pem"])]
            ]
        }
        if generator.chance(10) { spec["defaultBackend"] = ["service": ["name": name, "port": ["number": 80]]] }
        return ["apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata(name, annotations), "spec": spec]
    }

    private mutating func service(_ name: String, _ annotations: [String: String]) -> [String: Any] {
        var spec: [String: Any] = [
            "ports": [
                [
                    "name": field("http", ["http_1", "a--b", "-"]),
                    "port": generator.chance(90) ? 80 : generator.pick([0, -1, 65_536]),
                    "targetPort": 8080, "appProtocol": field("http", ["kubernetes.io/h2c", "h2c\n", "/"]),
                ]
            ]
        ]
        if generator.chance(15) {
            spec["type"] = "ExternalName"
            spec["externalName"] = field(
                "evil.invalid",
                ["localhost", "127.1", "0x7f.1", "127.0.0.1", "a b", "evil.invalid.", "_srv.evil", "0", "*.evil", "/dev/log"])
        }
        return ["apiVersion": "v1", "kind": "Service", "metadata": metadata(name, annotations), "spec": spec]
    }

    private mutating func slice(_ name: String) -> [String: Any] {
        let endpoints = (0..<Int.random(in: 1...3, using: &generator)).map { _ -> [String: Any] in
            let address = field(
                "\(network)2",
                [
                    "127.0.0.300", "010.0.0.1", "::ffff:127.0.0.1", "fe80::1%lo", "0.0.0.0", "255.255.255.255", "abns@x",
                    "unix@/tmp/x",
                    "fd@3", "\(network)2:80", "\(network)2 check", "localhost", "\(network)2\0x", "sockpair@4",
                    "ipv4@\(network)2", "\(network)2/8",
                ])
            return ["addresses": [address], "conditions": ["ready": generator.chance(90)]]
        }
        let labels = ["kubernetes.io/service-name": field(name, ["web", "shop/web", "../shop/web"])]
        return [
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata("\(name)-1", [:], labels: labels),
            "addressType": field("IPv4", ["IPv6", "FQDN", "unix"]),
            "ports": [
                ["name": field("http", ["http_1"]), "port": generator.chance(90) ? 8080 : generator.pick([0, -1, 65_536, 1])]
            ],
            "endpoints": endpoints,
        ]
    }

    /// A Secret or a ConfigMap.
    private mutating func data(_ name: String) -> [String: Any] {
        let kind = generator.pick(["Secret", "ConfigMap"])
        let key = field("tls.crt", ["../x", "a/b", "x\ny", "auth", "ca.crt", String(repeating: "k", count: 254)])
        return [
            "apiVersion": "v1", "kind": kind, "metadata": metadata(generator.pick([name, "tls", "users"]), [:]),
            kind == "Secret" ? "stringData" : "data": [key: spoiled("$5$hellodemo$CDRMXRVNmDQsTpqzpnUoqVO2U5LwZqBoOVGU5ShHcG1")],
        ]
    }
}
