import Core

/// The fixed rules that compare the client's address with a route's list.
enum AddressRules {
    /// - Parameters:
    ///   - name: the route value that holds the list's id.
    ///   - isAllowed: whether the list names those who may pass, rather than those who may not.
    static func rules(_ name: StaticString, variable: String, isAllowed: Bool) -> FrontendRules {
        let hit = isAllowed ? "!{ var(txn.\(variable)_hit) -m found }" : "{ var(txn.\(variable)_hit) -m found }"
        func lines(_ action: String, refusal: String) -> [Directive] {
            [
                "\(raw: action) set-var(txn.\(raw: variable)) \(routeValue: "\(name)")",
                """
                \(raw: action) set-var(txn.\(raw: variable)_hit) \
                var(txn.\(raw: variable)),concat(:,txn.source),map_beg(\(map: "addresses")) if { var(txn.\(raw: variable)) -m found }
                """,
                "\(raw: action) \(raw: refusal) if { var(txn.\(raw: variable)) -m found } \(raw: hit)",
            ]
        }
        return FrontendRules(
            id: name, phase: .accessControl, lines("http-request", refusal: "deny deny_status 403"),
            passthrough: lines("tcp-request content", refusal: "reject"))
    }
}
