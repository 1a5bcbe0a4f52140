import Testing

@testable import Core

@Suite("Fixed rules and who wrote them")
struct OwnedRulesTests {
    private let rules = FrontendRules(id: "1", phase: .capture, ["http-request capture path len 5"])
    private func origin(_ name: String) -> Origin {
        Origin(object: ObjectKey(.ingress, namespace: "shop", name: name), key: "haproxy.org/request-capture")
    }

    @Test("rules that several wrote are there once, and their line does not tell who is to blame")
    func authors() {
        var table = RuleTable()
        let all = ["web", "api", "web"].map { OwnedRules(family: "request-capture", rules: rules, authors: [origin($0)]) }
        for owned in all { table.add(owned) }
        func rendered() -> RenderedConfiguration {
            let lines = table.inOrder.flatMap { owned in owned.rules.lines.map(owned.line) }
            #expect(lines.map(\.feature) == ["request-capture/capture/1"])
            return RenderedConfiguration([Section("frontend http", lines: lines)])
        }
        #expect(rendered().isShared(4))
        for owned in all.dropFirst() { table.remove(owned) }
        #expect(!rendered().isShared(4) && rendered().origin(ofLine: 4) == origin("web"))
        table.remove(all[0])
        #expect(table.inOrder.isEmpty)
    }

    @Test("equal rules and stick tables of many plans are in memory once")
    func shared() {
        func make() -> FrontendRules { FrontendRules(id: "1", phase: .rateLimit, ["http-request deny"]) }
        var table = RuleTable()
        let first = table.add(OwnedRules(family: "limit", rules: make()))
        #expect(table.add(OwnedRules(family: "limit", rules: make())) === first)
        #expect(table.add(OwnedRules(family: "other", rules: make())) !== first)
        for _ in 0..<2 { table.remove(OwnedRules(family: "limit", rules: make())) }
        #expect(table.inOrder.map(\.family) == ["other"])
    }

    @Test("rules without an author are the family's, and those of several families the controller's")
    func families() {
        #expect(OwnedRules(family: "cors", rules: rules).line("x").origin == Origin(key: "cors"))
        #expect(OwnedRules(family: "", rules: rules).line("x").origin == .controller)
    }
}
