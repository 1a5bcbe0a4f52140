import Testing

@testable import Core

@Suite struct ErrorPagesTests {
    private static let object = ObjectKey(.configMap, namespace: "default", name: "pages")

    private func assemble(
        _ pages: [String: String]?, configMap: [String: String] = [:], refusals: Refusals = Refusals()
    ) throws -> AssemblyReport {
        let objects = [Cluster.configMap(configMap)] + (pages.map { [Cluster.configMap($0, name: "pages")] } ?? [])
        return try Cluster.assemble(objects, refusals: refusals) {
            $0.errorFilesConfigMap = EngineOptions.ObjectName(namespace: "default", name: "pages")
        }
    }

    @Test func `Each page is a file that a line of the defaults names, with the ConfigMap's key as its origin`() throws {
        let assembly = try assemble(["503": "down", "404": "<p>nothing here"])
        let defaults = try #require(assembly.state.sections.first { $0.header == "defaults" })
        let lines = defaults.lines.filter { $0.directive.text.hasPrefix("errorfile") }
        #expect(lines.map(\.directive.text) == ["errorfile 404 errors/404.http", "errorfile 503 errors/503.http"])
        #expect(lines.map(\.origin.description) == ["ConfigMap default/pages: 404", "ConfigMap default/pages: 503"])
        let file = try #require(assembly.state.files["errors/503.http"])
        #expect(file.kind == .plain && file.content.suffix(4) == Array("down".utf8))
        #expect(assembly.findings.isEmpty)
    }

    @Test func `Bad entries are told and leave the others in force`() throws {
        let assembly = try assemble([
            "503": "down", "505": "x", "0503": "x", "maintenance": "x", "404": "HTTP/1.1 100 Continue\n\n",
            "502": String(repeating: "x", count: 16_000),
        ])
        let defaults = try #require(assembly.state.sections.first { $0.header == "defaults" })
        #expect(defaults.lines.map(\.directive.text).filter { $0.hasPrefix("errorfile") } == ["errorfile 503 errors/503.http"])
        #expect(Set(assembly.findings.compactMap(\.key)) == ["505", "0503", "maintenance", "404", "502"])
        #expect(assembly.findings.allSatisfy { $0.object == Self.object && $0.expected != nil && $0.example != nil })
    }

    @Test func `A missing ConfigMap is a warning`() throws {
        let assembly = try assemble(nil)
        #expect(assembly.findings.map(\.severity) == [.warning] && assembly.findings.first?.object == Self.object)
    }

    @Test func `What HAProxy refuses is left out`() throws {
        let file = try #require(try assemble(["503": "down"]).state.files["errors/503.http"])
        var (values, files) = (Refusals(), Refusals())
        values.refuse(Self.object, key: "503", value: "down", reason: "because")
        files.refuse(file, reason: "because")
        for refusals in [values, files] {
            let assembly = try assemble(["503": "down", "404": "no"], refusals: refusals)
            #expect(assembly.state.files.keys.filter { $0.hasPrefix("errors/") } == ["errors/404.http"])
            #expect(assembly.messages.count == 1 && assembly.messages[0].contains("is refused by HAProxy: because"))
        }
    }
}
