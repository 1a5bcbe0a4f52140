import Testing

/// Values for each key whose changes take no reload.
struct ChangeSamples: Sendable {
    /// A value, and others that nobody has used when they come. No two are equal.
    let values: [String]
    /// For the ConfigMap, where its values differ.
    var configMapValues: [String]?
    /// What the key needs beside it.
    var companions: [String: String] = [:]
    init(_ values: [String], configMap: [String]? = nil, with companions: [String: String] = [:], mayChangeNothing: Bool = false)
    {
        self.values = values
        configMapValues = configMap
        self.companions = companions
    }

    private static func secrets(_ suffix: String) -> ChangeSamples {
        let names = ["one", "two", "three"].map { $0 + suffix }
        return ChangeSamples(names.map { "shop/\($0)" }, configMap: names.map { "default/\($0)" })
    }

    /// By key.
    static let all: [String: ChangeSamples] = [
        "allow-list": ChangeSamples(["10.0.0.0/8", "192.0.2.0/24,2001:db8::/32", "127.0.0.1"]),
        "clean-certs": ChangeSamples(["false", "true"]),
        "cors-allow-credentials": ChangeSamples(
            ["true", "false"], with: ["cors-enable": "true", "cors-allow-origin": "https://a.example.com"]),
        "cors-allow-headers": ChangeSamples(["X-One", "X-Two,X-Three", "*"], with: ["cors-enable": "true"]),
        "cors-allow-methods": ChangeSamples(["GET", "GET,PUT", "*"], with: ["cors-enable": "true"]),
        "cors-allow-origin": ChangeSamples(
            ["https://a.example.com", "https://b.example.com", #"^https://[a-z]+\.example\.org$"#, "*"],
            with: ["cors-enable": "true"]),
        "cors-enable": ChangeSamples(["true", "false"], with: ["cors-allow-origin": "https://a.example.com"]),
        "cors-max-age": ChangeSamples(["7s", "1h", "2d"], with: ["cors-enable": "true"]),
        "cors-respond-to-options": ChangeSamples(["true", "false"], with: ["cors-enable": "true"]),
        "deny-list": ChangeSamples(["10.0.0.0/8", "192.0.2.0/24,2001:db8::/32", "127.0.0.1"]),
        "ingress.class": ChangeSamples(["haproxy", "another"]),
        "prometheus-endpoint-auth-secret": ChangeSamples(["default/one-users", "default/two-users", "default/three-users"]),
        "maxconn": ChangeSamples(["900", "500", "20"]),
        "pod-maxconn": ChangeSamples(["10", "20", "5"]),
        "proxy-protocol": ChangeSamples(["10.0.0.0/8", "192.0.2.0/24,2001:db8::/32", "127.0.0.1"]),
        "rate-limit-period": ChangeSamples(["1s"], with: ["rate-limit-requests": "5"]),
        "path-normalization": ChangeSamples(["safe", "full"]),
        "rate-limit-requests": ChangeSamples(["5", "6", "1000"]),
        "rate-limit-status-code": ChangeSamples(["403", "429", "401"], with: ["rate-limit-requests": "5"]),
        "rate-limit-whitelist": ChangeSamples(["10.0.0.0/8", "192.0.2.0/24", "127.0.0.1"], with: ["rate-limit-requests": "5"]),
        "request-redirect": ChangeSamples(["a.example.org", "b.example.org:8443", "c.example.org"]),
        "request-redirect-code": ChangeSamples(["301", "302", "303", "307", "308"], with: ["request-redirect": "a.example.org"]),
        "request-set-header": ChangeSamples(["X-One a", "X-One b", "X-One \"c d\""]),
        "response-set-header": ChangeSamples(["X-One a", "X-One b", "X-One \"c d\""]),
        "server-ca": secrets("-ca"),
        "server-crt": secrets(""),
        "server-proto": ChangeSamples(["h2"]),
        "server-ssl": ChangeSamples(["true", "false"]),
        "send-proxy-protocol": ChangeSamples(["proxy", "proxy-v2", "proxy-v2-ssl"]),
        "set-host": ChangeSamples(["a.example.org", "b.example.org", "c.example.org"]),
        "src-ip-header": ChangeSamples(["X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP"]),
        "ssl-certificate": ChangeSamples(["default/one", "default/two", "default/three"]),
        "ssl-redirect": ChangeSamples(["true", "false"]),
        "ssl-redirect-code": ChangeSamples(["301", "302", "303", "307", "308"], with: ["ssl-redirect": "true"]),
        "ssl-redirect-port": ChangeSamples(["444", "8443", "443"], with: ["ssl-redirect": "true"]),
    ]

    /// A change that does take a reload, though others of the same key do not.
    struct Exception: Sendable, CustomTestStringConvertible {
        let key: String
        let from: String
        let to: String
        var companions: [String: String] = [:]
        /// What the reference tells people of it.
        let told: String
        /// Why HAProxy does it in no other way.
        let reason: String
        var testDescription: String { "\(key): \(from) to \(to)" }
    }

    static let exceptions: [Exception] = [
        Exception(
            key: "maxconn", from: "500", to: "900", told: "More than at the last reload takes another one.",
            reason: "HAProxy reserves memory and files for its connections when it starts"),
        Exception(
            key: "rate-limit-period", from: "1s", to: "7s", companions: ["rate-limit-requests": "5"],
            told: "One that no route has used yet needs a reload.",
            reason: "a stick table has one period, and none comes at run time"),
        Exception(
            key: "request-set-header", from: "X-One a", to: "X-Two a", told: "as long as some route sets that header already",
            reason: "a rule sets a header of one fixed name"),
        Exception(
            key: "request-set-header", from: "X-One a", to: "X-One %[src]",
            told: "Log-format strings are part of the backend and need one.", reason: "a map holds texts, which nothing evaluates"
        ),
        Exception(
            key: "response-set-header", from: "X-One a", to: "X-Two a", told: "for `request-set-header` and change the same way",
            reason: "a rule sets a header of one fixed name"),
        Exception(
            key: "src-ip-header", from: "X-Real-IP", to: "X-Other", told: "another header needs one when the first route uses it",
            reason: "a rule reads a header of one fixed name"),
    ]
}
