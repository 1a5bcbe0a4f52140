import Foundation
import Testing

/// SECURITY.md names a test for each promise; a test that is renamed or removed must not leave the promise behind.
@Suite struct SecurityPromisesTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The file's name, and the words of each of its tests, of the second column of a table's row.
    private static func proofs(_ row: Substring) -> [(file: String, words: [String])] {
        let columns = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        guard columns.count == 2, columns[1].contains("Tests: ") else { return [] }
        return columns[1].components(separatedBy: "; ").map { proof in
            let file = String(proof.prefix { $0 != ":" })
            let words = proof.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            return (file, words)
        }
    }

    @Test func `Each promise names tests that exist`() throws {
        let text = try String(contentsOf: Self.root.appendingPathComponent("SECURITY.md"), encoding: .utf8)
        let proofs = text.split(separator: "\n").flatMap(Self.proofs)
        #expect(proofs.count > 20)
        let tests = Self.root.appendingPathComponent("Tests")
        let names = FileManager.default.enumerator(atPath: tests.path)?.allObjects as? [String] ?? []
        for proof in proofs {
            let sources = names.filter { $0.hasSuffix("/\(proof.file).swift") }
                .compactMap { try? String(contentsOf: tests.appendingPathComponent($0), encoding: .utf8) }
            #expect(!sources.isEmpty, "there is no \(proof.file).swift")
            #expect(!proof.words.isEmpty, "\(proof.file) is named without a test")
            for words in proof.words {
                #expect(sources.contains { $0.contains(words) }, "\(proof.file) has no test \(words)")
            }
        }
    }
}
