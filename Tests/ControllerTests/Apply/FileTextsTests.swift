import Core
import TestSupport
import Testing

@testable import Controller

@Suite("Texts of files that change in pieces")
struct FileTextsTests {
    @Test("after any change they are what is rendered from nothing (FILE_TEXTS_SEED repeats a run)")
    func randomChanges() {
        var random = SeededGenerator(variable: "FILE_TEXTS_SEED")
        print("FILE_TEXTS_SEED=\(random.seed)")
        var state = DesiredState()
        state.staticSections = [Section("global"), Section("defaults"), Section("frontend http")]
        var texts = FileTexts()
        for step in 1...400 {
            let key = ["a", "a/b", "a-b", "a_svc", "b", "é", "z", "10", "9"].randomElement(using: &random) ?? "a"
            let value = Bool.random(using: &random) ? Optional("value \(Int.random(in: 0...2, using: &random))") : nil
            var sections: Set<String> = []
            switch Int.random(in: 0...5, using: &random) {
            case 0:
                state.staticSections = [Section("global"), Section("defaults"), Section("frontend \(key)")]
                sections = ["frontend \(key)"]
            case 1: state.reserve = value.map { [Section("backend spare", lines: [.init("\(raw: $0)")])] } ?? []
            case 2: state.userLists[key] = value.map { Section("userlist \(key)", lines: [.init("\(raw: $0)")]) }
            default:
                state.backends[key] = value.map { Section("backend \(key)", lines: [.init("\(raw: $0)")]) }
                sections = ["backend \(key)"]
            }
            state.maps["hosts", default: MapFile(name: "hosts")].entries[key] = value
            state.certificateList.entries[key] = value.map { [$0] }

            let rendered = state.renderedFiles()
            #expect(texts.configuration(state, changed: sections).flatMap { $0 } == rendered["haproxy.cfg"], "step \(step)")
            let map = state.maps["hosts", default: MapFile(name: "hosts")]
            #expect(texts.map(map, changed: [key]).flatMap { $0 } == rendered["maps/hosts.map"], "step \(step)")
            #expect(
                texts.certificateList(state.certificateList, changed: [key]).flatMap { $0 } == rendered[CertificateList.path],
                "step \(step)")
        }
    }

    @Test("a map that was gone begins anew")
    func goneMap() {
        var texts = FileTexts()
        let first = MapFile(name: "hosts", entries: ["a": "1", "b": "2"])
        #expect(texts.map(first, changed: ["a", "b"]).flatMap { $0 } == Array(first.text.utf8))
        texts.forget(map: "hosts")
        let second = MapFile(name: "hosts", entries: ["c": "3"])
        #expect(texts.map(second, changed: ["c"]).flatMap { $0 } == Array(second.text.utf8))
    }
}
