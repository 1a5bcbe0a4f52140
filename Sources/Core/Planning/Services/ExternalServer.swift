/// A server whose address is looked up for each request. HAProxy connects to the very address that was looked at: a DNS server that
/// answers differently the next time gains nothing.
public struct ExternalServer: Hashable, Sendable {
    /// A DNS name.
    let name: String
    let port: Int
    /// Where the name must not lead, in CIDR notation.
    let refused: [String]

    init(name: String, port: Int, rule: EndpointPolicy.Rule) {
        self.name = name
        self.port = port
        refused = rule.refused.map(\.description)
    }

    /// The header that counts how often a request came by here (RFC 8586). Nobody else sets it.
    public static let loopHeader = "CDN-Loop"
    /// Controllers in a chain are fewer.
    private static let mostPasses = 8

    /// A name may lead to a load balancer before this controller, whose address nobody here knows. A request that comes back again and again
    /// would take all connections that there are.
    private static let loopRules: [Directive] = [
        """
        http-request return status 508 content-type text/plain string \("loop detected") \
        if { req.hdr_cnt(\(raw: loopHeader)) ge \(mostPasses) }
        """,
        "http-request add-header \(raw: loopHeader) haproxy-ingress",
    ]

    /// As the `server` line calls it.
    var serverName: String { "\(name):\(port)" }

    /// The rules that look the name up, before all others: nothing but they choose where the request goes. A name without an address,
    /// and one that leads where it must not, is 503, or the connection is closed (configuration manual, section 4.2, "http-request
    /// do-resolve").
    func rules(isTCP: Bool, prefersIPv6: Bool) -> [Directive] {
        let verb = isTCP ? "tcp-request content" : "http-request"
        let refusal = isTCP ? "reject" : "deny deny_status 503"
        let family = prefersIPv6 ? "ipv6" : "ipv4"
        var rules: [Directive] = isTCP ? ["tcp-request inspect-delay 5s"] : Self.loopRules
        rules.append("\(raw: verb) do-resolve(txn.address,kubernetes,\(raw: family)) \("str(\(name))")")
        rules.append("\(raw: verb) \(raw: refusal) unless { var(txn.address) -m found }")
        // HAProxy reads 64 words of a line.
        for start in stride(from: 0, to: refused.count, by: 40) {
            let some = refused[start..<min(start + 40, refused.count)].joined(separator: " ")
            rules.append("\(raw: verb) \(raw: refusal) if { var(txn.address) -m ip \(raw: some) }")
        }
        rules.append("\(raw: verb) set-dst var(txn.address)")
        rules.append("\(raw: verb) set-dst-port int(\(port))")
        return rules
    }
}
