import Testing

@testable import Core

@Suite struct SnippetVariableTests {
    @Test(arguments: [
        ("http-request deny if { var(txn.path) -m beg /a }", ["txn.path"]),
        ("%[var(txn.host),concat(,txn.path,)]", ["txn.host", "txn.path"]),
        ("var(txn.path_match)", ["txn.path_match"]), ("var(txn.pathqs)", ["txn.pathqs"]), ("txn.path", ["txn.path"]),
        ("var(txn.paths)", []), ("var(xtxn.path)", []), ("var(txn.path.own)", []), ("var(txn.Path)", []), ("path", []), ("", []),
        ("var(sess.sni) var(txn.sni_match)", ["sess.sni", "txn.sni_match"]), ("tx", []),
        ("var(txn.path_own) var(txn.path)", ["txn.path"]),
    ])
    func `A variable is named by its whole name`(_ line: String, _ names: [String]) {
        let lines = [
            Traced(Directive(raw: "option nothing"), origin: .controller), Traced(Directive(raw: line), origin: .controller),
        ]
        #expect(SnippetVariable.named(in: lines).map(\.value.name) == names)
    }

    @Test func `Every variable is declared once, is in the table, and is set by actions on itself`() {
        #expect(Set(SnippetVariable.all.map(\.name)).count == SnippetVariable.all.count)
        for variable in SnippetVariable.all {
            #expect(SnippetVariable.table.contains("| `\(variable.name)` |"))
            for action in variable.requestActions + variable.connectionActions {
                #expect(action.text.hasPrefix("set-var(\(variable.name)) "))
            }
        }
    }
}
