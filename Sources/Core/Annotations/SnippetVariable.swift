/// A variable that the Go controller sets for every request, and that snippets and log formats written for it read.
///
/// Here a rule costs only the requests of those who name the variable: it is set where a snippet or log format that names it stands, and
/// nowhere else. This list is the one declaration: rules, documentation and tests are made from it.
public struct SnippetVariable: Hashable, Sendable {
    /// With its scope, such as `txn.path`.
    public let name: String
    /// What it holds, for people.
    public let meaning: String
    /// The actions that set it, in order, where HAProxy reads requests; none where it is set in any case.
    let requestActions: [Directive]
    /// The actions that set it, in order, where HAProxy reads nothing but the first bytes of TLS.
    let connectionActions: [Directive]
    /// Whether it takes the routing rules of the frontends.
    let isOfRoute: Bool

    private init(
        _ name: String, _ meaning: String, requests: [Directive] = [], connections: [Directive] = [], isOfRoute: Bool = false
    ) {
        self.name = name
        self.meaning = meaning
        requestActions = requests
        connectionActions = connections
        self.isOfRoute = isOfRoute
    }

    /// All of them.
    public static let all: [SnippetVariable] = [
        SnippetVariable("txn.base", "the Host header and the path, as HAProxy's `base`", requests: ["set-var(txn.base) base"]),
        SnippetVariable("txn.host", "the host that the client asked for, in lower case and without port"),
        SnippetVariable("txn.path", "the path, as the client sent it", requests: ["set-var(txn.path) path"]),
        SnippetVariable("txn.pathqs", "the path with the query", requests: ["set-var(txn.pathqs) pathq"]),
        SnippetVariable(
            "txn.host_match",
            "the host of the rule that the request meets: `.example.com` for `*.example.com`, empty for rules without host",
            // A request that leaves the routing rules at the first of them asked for a host of its own.
            requests: [
                "set-var(txn.host_match) var(txn.host)",
                "set-var(txn.host_match) var(txn.host_key) if { var(txn.host_key) -m found }",
            ], isOfRoute: true),
        SnippetVariable(
            "txn.path_match", "the route: the name of its backend, then `.` and the id of its settings where it has some",
            requests: ["set-var(txn.path_match) var(txn.route)"], isOfRoute: true),
        SnippetVariable(
            "txn.cors_origin", "the Origin header, as the client sent it", requests: ["set-var(txn.cors_origin) req.hdr(origin)"]),
        SnippetVariable(
            "sess.sni", "the name that the client asked for in TLS that is passed through",
            connections: ["set-var(sess.sni) req.ssl_sni"]),
        SnippetVariable(
            "txn.sni_match", "the route of TLS that is passed through, as `txn.path_match`",
            connections: ["set-var(txn.sni_match) var(txn.route)"], isOfRoute: true),
    ]

    /// For the reference: a row for each.
    public static var table: String {
        (["| Variable | What it holds |", "|---|---|"] + all.map { "| `\($0.name)` | \($0.meaning) |" }).joined(separator: "\n")
    }

    /// Those that lines name, each with the first line that does, in the order in which they are declared.
    static func named(in lines: [Traced<Directive>]) -> [Traced<SnippetVariable>] {
        let naming = lines.filter { $0.value.text.contains("txn.") || $0.value.text.contains("sess.") }
        guard !naming.isEmpty else { return [] }
        return all.compactMap { variable in
            naming.first { variable.isNamed(in: $0.value.text) }.map { Traced(variable, origin: $0.origin) }
        }
    }

    /// Whether a text holds the name, and not as a part of a longer one.
    func isNamed(in text: String) -> Bool {
        let (text, name) = (Array(text.utf8), Array(name.utf8))
        guard text.count >= name.count else { return false }
        return (0...(text.count - name.count)).contains { start in
            let end = start + name.count
            return text[start..<end].elementsEqual(name) && (start == 0 || !Self.isOfName(text[start - 1]))
                && (end == text.count || !Self.isOfName(text[end]))
        }
    }

    /// Configuration manual, section 2.8 "Variables".
    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

extension Section {
    /// Adds the rules that set variables.
    ///
    /// - Parameters:
    ///   - verb: `http-request` or `tcp-request content`.
    ///   - actions: which of a variable's actions are meant.
    mutating func add(
        _ variables: [Traced<SnippetVariable>], _ verb: Directive, _ actions: KeyPath<SnippetVariable, [Directive]>
    ) {
        for variable in variables {
            for action in variable.value[keyPath: actions] {
                add("\(raw: verb.text) \(raw: action.text)", origin: variable.origin)
            }
        }
    }
}
