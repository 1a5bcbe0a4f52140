import Foundation
import Testing

/// Keys without a test are found by reading the tests: an annotation's handler can be registered, documented and pinned by unit
/// tests and still do nothing to a request.
@Suite("What tests use the keys")
struct CoverageTests {
    /// Keys that only tune HAProxy: what they do shows after hours, in the face of the operating system, or with a HAProxy that is
    /// built otherwise. Golden files show their lines.
    private static let tuning: Set<String> = [
        "quic-alt-svc-max-age", "timeout-client-fin", "timeout-connect", "timeout-server-fin", "timeout-tunnel",
    ]

    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    private static func texts(in directory: String, where isWanted: (String) -> Bool) throws -> [String] {
        let root = tests.appending(path: directory)
        let names = FileManager.default.enumerator(atPath: root.path)?.allObjects as? [String] ?? []
        return try names.filter(isWanted).sorted().map { try String(contentsOf: root.appending(path: $0), encoding: .utf8) }
    }

    @Test("every key, older names too, is used in an end-to-end test, or only tunes HAProxy and is in a golden file")
    func used() throws {
        let endToEnd = try Self.texts(in: "EndToEndTests") { $0.hasSuffix(".swift") }.joined()
        let golden = try Self.texts(in: "AnnotationsTests/Golden") { $0.hasSuffix("/input.yaml") }.joined(separator: "\n")
        let written = Set(
            golden.split(separator: "\n").map { line in
                let key = line.drop { $0 == " " }.prefix { $0 != ":" }
                return key.split(separator: "/").last.map(String.init) ?? ""
            })
        var unused: Set<String> = []
        for entry in Catalogue.entries where !endToEnd.contains("\"\(entry.name)\"") {
            if !(Self.tuning.contains(entry.name) && written.contains(entry.name)) { unused.insert(entry.name) }
        }
        #expect(unused.isEmpty)
    }
}
