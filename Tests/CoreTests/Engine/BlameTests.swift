import Testing

@testable import Core

struct BlameTests {
    private static func origin(_ name: String, _ key: String = "haproxy.org/backend-config-snippet") -> Origin {
        Origin(object: ObjectKey(.ingress, namespace: "shop", name: name), key: key)
    }

    private static func backend(_ name: String, _ lines: [(String, Origin)]) -> Section {
        Section(
            "backend shop_svc_\(name)_http",
            lines: [.init("balance roundrobin")] + lines.map { .init(Directive(raw: $0.0), origin: $0.1) })
    }

    private static let sections = [
        backend("good", [("http-request track-sc0 src table nobody", origin("good"))]),
        backend(
            "bad",
            [
                ("timeout server 5s", origin("timeout", "haproxy.org/timeout-server")),
                ("use-server nobody if TRUE", origin("server")), ("http-request track-sc0 src table none", origin("table")),
            ]),
        backend("quiet", [("timeout server 5s", origin("quiet", "haproxy.org/timeout-server"))]),
    ]

    @Test(
        "a message about a line that several asked for blames those whose part it mentions, else all",
        arguments: [
            ("'bind :443' in section 'frontend' : this version of openssl cannot generate SSL certificates.", ["signer"]),
            ("'bind :443' : 'verify' expects something else", ["ca"]), ("'bind :443' : something is wrong", ["ca", "signer"]),
        ])
    func parts(message: String, blamed: [String]) {
        let parts = [
            Traced<Directive>("alpn h2", origin: .controller),
            Traced<Directive>("ca-file certs/client-ca.pem verify required", origin: Self.origin("ca")),
            Traced<Directive>("generate-certificates ca-sign-file certs/signer.pem", origin: Self.origin("signer")),
        ]
        #expect(Blame.origins(of: message, among: parts).compactMap(\.object?.name) == blamed)
    }

    @Test(
        "a message without a line blames the values of the section that it names, those first that hold the words it quotes",
        arguments: [
            ("backend 'shop_svc_bad_http' : unable to find server 'nobody' referenced in a 'use-server' rule.", ["server"]),
            ("Proxy 'shop_svc_bad_http': unable to find table 'none' referenced by track-sc0.", ["table"]),
            ("Proxy 'shop_svc_bad_http': Can't find resolvers section 'none' for do-resolve action.", ["table"]),
            ("'server shop_svc_bad_http/x' : something about 'nob'", ["server", "table"]),
            ("Proxy 'shop_svc_quiet_http': something", ["quiet"]), ("Proxy 'unheard-of': something", []), ("something", []),
        ])
    func messages(message: String, expected: [String]) {
        #expect(Blame(Self.sections).origins(of: message).map { $0.object?.name } == expected)
    }

    @Test("lines that HAProxy runs already are not to blame as long as others are new")
    func newLinesFirst() {
        let before = [Self.backend("bad", [("use-server one if TRUE", Self.origin("before"))])]
        let after = [
            Self.backend(
                "bad", [("use-server one if TRUE", Self.origin("before")), ("use-server two if TRUE", Self.origin("new"))])
        ]
        let message = "backend 'shop_svc_bad_http' : something in a 'use-server' rule."
        #expect(Blame(after, inForce: before).origins(of: message).map { $0.object?.name } == ["new"])
        #expect(Blame(after).origins(of: message).map { $0.object?.name } == ["before", "new"])
    }
}
