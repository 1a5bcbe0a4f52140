import Testing

@testable import Core

@Suite("YAML becomes nodes")
struct YAMLParserTests {
    private func finding(_ yaml: String) -> Finding? {
        do {
            try YAMLParser.parse(Array(yaml.utf8), file: "bad.yaml") { _ in }
            return nil
        } catch {
            return error
        }
    }

    @Test("Nodes know their line and column")
    func marks() throws {
        let root = try #require(try onlyDocument("a: 1\nb:\n  - x\n  -   y\n").root)
        #expect(root["a"]?.mark == Node.Mark(line: 1, column: 4))
        guard case .sequence(let items)? = root["b"]?.value else {
            Issue.record("no list")
            return
        }
        #expect(items.map(\.mark) == [Node.Mark(line: 3, column: 5), Node.Mark(line: 4, column: 7)])
    }

    @Test("An alias repeats its anchor's node")
    func aliases() throws {
        let root = try #require(try onlyDocument("a: &x {k: v}\nb: *x\nc: [&y 1, *y]").root)
        #expect(root["b"]?["k"]?.string == "v")
        #expect(
            root["c"]?.value
                == .sequence([
                    Node(.scalar(.plain("1")), mark: Node.Mark(line: 3, column: 5)),
                    Node(.scalar(.plain("1")), mark: Node.Mark(line: 3, column: 11)),
                ]))
    }

    @Test("Merge keys add what is missing, earlier mappings first")
    func mergeKeys() throws {
        let yaml = """
            one: &one {a: 1, b: 1}
            two: &two {b: 2, c: 2}
            all:
              a: own
              <<: [*one, *two]
            quoted:
              "<<": text
            """
        let root = try #require(try onlyDocument(yaml).root)
        let all = try #require(root["all"])
        #expect(["a", "b", "c"].map { all[$0]?.writtenText } == ["own", "1", "2"])
        #expect(root["quoted"]?["<<"]?.string == "text")
    }

    @Test("Keys become text as in JSON")
    func keys() throws {
        let root = try #require(try onlyDocument("1: a\nyes: b\n0x10: c\n1.5: d\n").root)
        #expect(root["1"] != nil && root["true"] != nil && root["16"] != nil && root["1.5"] != nil)
    }

    @Test(
        "What makes a document unusable is told with its place",
        arguments: [
            ("a: 1\nb: 2\na: 3\n", "has the key \"a\" twice", 3, 1),
            ("a: *nowhere", "refers to an anchor that is not defined before it", 1, 4),
            ("a: &a [*a]", "refers to an anchor that contains the alias", 1, 8),
            ("? [x]\n: y", "has a key that is not a scalar", 1, 3),
            ("~: x", "has a key that is null", 1, 1), ("<<: text", "merges something that is not a mapping", 1, 5),
        ])
    func problems(yaml: String, message: String, line: Int, column: Int) throws {
        let problem = try #require(try onlyDocument(yaml).problems.first)
        #expect(problem.message == message)
        #expect(problem.mark == Node.Mark(line: line, column: column))
    }

    @Test("A long mapping's duplicate key is found too")
    func longDuplicates() throws {
        let yaml = (0..<100).map { "key\($0): \($0)\n" }.joined() + "key7: again\n"
        #expect(try onlyDocument(yaml).problems.map(\.mark.line) == [101])
    }

    @Test("An alias bomb is refused before it grows")
    func bomb() throws {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            yaml += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]\n"
        }
        let document = try onlyDocument(yaml)
        #expect(document.problems.first?.message.contains("stand for more than 100000 values") == true)
        #expect(document.problems.count <= 20)
    }

    @Test("Nesting has an end", arguments: [100, 101, 100_000])
    func nesting(depth: Int) throws {
        // Far beyond what is accepted the whole text is given up; both are findings.
        let yaml = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let message: String?
        do {
            message = try onlyDocument(yaml).problems.first?.message
        } catch let finding as Finding {
            message = finding.message
        }
        #expect((message == nil) == (depth <= 100))
    }

    @Test("An alias cannot hide nesting")
    func nestedAlias() throws {
        let nested = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
        let yaml = "a: &a \(nested)\nb: \(String(repeating: "[", count: 60))*a\(String(repeating: "]", count: 60))\n"
        #expect(try onlyDocument(yaml).problems.first?.message == "is nested deeper than 100 levels")
    }

    @Test(
        "Text that is no YAML is refused with its place",
        arguments: [
            ("a: b: c", 1, 5), ("a:\n\t- x\n", 2, 1), ("a: [1, 2\nb: 3", 2, 2), ("a: \"open", 1, 9), ("ok: 1\n---\nx: }", 3, 4),
            ("a: \u{1}", 1, 4),
        ])
    func syntax(yaml: String, line: Int, column: Int) throws {
        let location = try #require(finding(yaml)?.location)
        #expect(location == SourceLocation(file: "bad.yaml", line: line, column: column))
    }

    @Test("Documents before the broken place are handed out; empty ones have no root")
    func documents() {
        var roots: [Bool] = []
        #expect(throws: Finding.self) {
            try YAMLParser.parse(Array("---\n# nothing\n---\na: 1\n---\nb: {\n".utf8), file: "x") { roots.append($0.root != nil) }
        }
        #expect(roots == [false, true])
    }

    @Test("A manifest cut off anywhere, or with a byte changed, is decoded or refused")
    func mutilation() {
        let manifest = Array(
            """
            apiVersion: v1
            kind: Secret
            metadata: {name: &n s, annotations: {"a": 'b', <<: {c: *n}}}
            data:
              k: |
                aGVsbG8=
            ---
            - !!binary aGVsbG8=
            """.utf8)
        for end in manifest.indices { _ = decodeDocuments(Array(manifest[..<end]), file: "x.yaml") }
        for index in manifest.indices {
            for byte in Array("\0\t\n{}[]&*!|>'\"%@`:#,-?\u{ff}".utf8) + [0xFF] {
                var bytes = manifest
                bytes[index] = byte
                let decoded = decodeDocuments(bytes, file: "x.yaml")
                #expect(decoded.isComplete || decoded.findings.contains { $0.location != nil })
            }
        }
    }

    @Test("Empty text has no documents", arguments: ["", "\n", "# only a comment\n", "---\n"])
    func empty(yaml: String) throws {
        try YAMLParser.parse(Array(yaml.utf8), file: "x") { #expect($0.root == nil) }
    }
}
