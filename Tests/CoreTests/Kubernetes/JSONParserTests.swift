import TestSupport
import Testing

@testable import Core

@Suite("JSON becomes nodes")
struct JSONParserTests {
    @Test("Every type is kept apart")
    func types() throws {
        let text =
            #"{"t":true,"f":false,"i":1,"z":0,"d":1.5,"w":80.0,"s":"yes","n":null,"e":"\ud83d\ude00\/","l":[1,"a"],"o":{}}"#
        let root = try JSONParser.node(from: text.utf8)
        func scalar(_ key: String) -> Scalar? {
            guard case .scalar(let scalar)? = root[key]?.value else { return nil }
            return scalar
        }
        #expect(scalar("t") == .bool(true) && scalar("f") == .bool(false))
        #expect(scalar("i") == .integer(1) && scalar("z") == .integer(0) && scalar("d") == .float(1.5))
        #expect(root["w"]?.wholeNumber == 80)
        #expect(scalar("s") == .string("yes") && scalar("n") == .null && scalar("e") == .string("😀/"))
        #expect(root["o"]?.value == .mapping([]))
    }

    @Test(
        "Errors have a line and column",
        arguments: [("{\n \"a\": tru,\n}", 2), ("{\"a\": 1\n", 2), ("{}\n\n{\"a\" 1}", 3), ("{\"a\": 01}", 1)])
    func errors(text: String, line: Int) {
        let decoded = decodeDocuments(Array(text.utf8), file: "bad.json")
        #expect(!decoded.isComplete)
        let finding = decoded.findings.last
        #expect(finding?.location?.line == line)
        #expect(finding?.location?.file == "bad.json")
        #expect(finding?.message.hasPrefix("is not valid JSON") == true)
    }

    @Test("Texts may stand one after the other, and begin where they begin")
    func several() {
        let text = """
            {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a{\\"}"}}
            {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"b"}}
              {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"c"}}
            """
        let decoded = decodeDocuments(Array(text.utf8), file: "x.json")
        #expect(decoded.objects.map(\.object.key.name) == ["b", "c"])
        #expect(decoded.objects.map(\.location.line) == [2, 3])
        #expect(decoded.objects.last?.location.column == 3)
        #expect(decoded.findings.map(\.value) == ["a{\"}"])
    }

    @Test("Nesting has an end", arguments: [100, 102, 600])
    func nesting(depth: Int) {
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let decoded = decodeDocuments(Array(text.utf8), file: "x.json")
        #expect(decoded.isComplete == (depth <= 100))
    }

    @Test("A YAML file may hold JSON, or a mapping in braces")
    func inYAML() {
        for text in [
            #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"}}"#,
            "{apiVersion: v1, kind: Namespace, metadata: {name: a}}",
        ] {
            let decoded = decodeDocuments(Array(text.utf8), file: "x.yaml")
            #expect(decoded.objects.map(\.object) == [.namespace(Namespace(metadata: ObjectMeta(name: "a")))])
            #expect(decoded.findings.isEmpty)
        }
    }

    @Test("Places are those of the values and keys")
    func places() throws {
        let root = try JSONParser.node(from: "{\n  \"a\": [\n    1,\n    {\"b\": true}]}".utf8)
        guard case .sequence(let elements)? = root["a"]?.value else {
            Issue.record("\(root)")
            return
        }
        #expect(elements.map(\.mark) == [Node.Mark(line: 3, column: 5), Node.Mark(line: 4, column: 5)])
        #expect(elements.last?["b"]?.mark == Node.Mark(line: 4, column: 11))
    }

    @Test("A key that is there twice makes the object unusable, and only that object")
    func duplicates() {
        let text = """
            {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a","name":"b"}}
            {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"c"}}
            """
        let decoded = decodeDocuments(Array(text.utf8), file: "x.json")
        #expect(decoded.objects.map(\.object.key.name) == ["c"])
        #expect(decoded.findings.map(\.location?.column) == [62])
        #expect(decoded.findings.first?.message.contains("twice") == true)
    }

    @Test(
        "What JSON does not allow is refused",
        arguments: [
            "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "{'a':1}", "01", "1.", ".5", "+1", "1e", "0x10", "NaN", "tru",
            "\"\u{1}\"",
            "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a", "1 2", "[1 2]", "{\"a\" 1}", "]",
            "{\"a\":}", "//", "\"a\nb\"",
        ])
    func refused(_ text: String) {
        #expect(throws: Finding.self) { try JSONParser.node(from: text.utf8) }
    }

    @Test(
        "Text that is not UTF-8 is refused",
        arguments: [[0x22, 0xff, 0x22], [0x22, 0xc3, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]])
    func notUTF8(_ bytes: [UInt8]) {
        #expect(throws: Finding.self) { try JSONParser.node(from: bytes) }
    }

    @Test("Any value written as JSON is read back")
    func random() throws {
        var generator = SeededGenerator()
        for _ in 0..<1000 {
            let node = Self.randomNode(depth: 0, using: &generator)
            let text = Self.text(node, using: &generator)
            #expect(Self.stripped(try JSONParser.node(from: text.utf8)) == node, "TEST_SEED=\(generator.seed): \(text)")
        }
    }

    @Test("A list hands over its items one by one, without what nothing reads")
    func list() throws {
        let text = """
            {"kind":"ConfigMapList","metadata":{"resourceVersion":"7","continue":"x"},"items":[
              {"metadata":{"name":"a","managedFields":[{"a":"}]\\""}]},"data":{"status":"kept","managedFields":"kept"},"status":{"b":[1]}},
              {"metadata":{"name":"b"},"status":null}]}
            """
        var items: [Node] = []
        let list = try JSONParser.list(from: Array(text.utf8)) { items.append($0) }
        #expect(list["metadata"]?["continue"]?.string == "x")
        #expect(list["items"] == nil)
        #expect(items.map { $0["metadata"]?["name"]?.string } == ["a", "b"])
        #expect(items.allSatisfy { $0["status"]?["b"] == nil && $0["metadata"]?["managedFields"] == nil })
        #expect(items.first?["data"]?["status"]?.string == "kept" && items.first?["data"]?["managedFields"]?.string == "kept")
    }

    @Test("An empty list of Go's is null, and a list may be no list at all")
    func emptyList() throws {
        for text in [#"{"items":null,"metadata":{"resourceVersion":"1"}}"#, #"{"items":[]}"#, "[]"] {
            var count = 0
            _ = try JSONParser.list(from: Array(text.utf8)) { _ in count += 1 }
            #expect(count == 0)
        }
    }

    // MARK: - Random values

    private static func randomNode(depth: Int, using generator: inout SeededGenerator) -> Node {
        let mark = Node.Mark(line: 0, column: 0)
        switch Int.random(in: 0..<(depth > 4 ? 5 : 7), using: &generator) {
        case 0: return Node(.scalar(.null), mark: mark)
        case 1: return Node(.scalar(.bool(.random(using: &generator))), mark: mark)
        case 2: return Node(.scalar(.integer(Int.random(in: Int.min...Int.max, using: &generator))), mark: mark)
        case 3: return Node(.scalar(.float(Double.random(in: -1e9...1e9, using: &generator))), mark: mark)
        case 4: return Node(.scalar(.string(randomText(using: &generator))), mark: mark)
        case 5:
            let count = Int.random(in: 0..<4, using: &generator)
            return Node(.sequence((0..<count).map { _ in randomNode(depth: depth + 1, using: &generator) }), mark: mark)
        default:
            let count = Int.random(in: 0..<4, using: &generator)
            return Node(
                .mapping(
                    (0..<count).map { index in
                        Node.Entry(
                            key: "\(index)" + randomText(using: &generator), keyMark: mark,
                            value: randomNode(depth: depth + 1, using: &generator))
                    }), mark: mark)
        }
    }

    private static func randomText(using generator: inout SeededGenerator) -> String {
        let scalars = [
            "a", "\"", "\\", "/", "\n", "\t", "\u{8}", "\u{0}", "\u{7f}", "ü", "€", "😀", "\u{301}", "{", "]", ":", " ",
        ]
        return (0..<Int.random(in: 0..<8, using: &generator)).map { _ in scalars.randomElement(using: &generator) ?? "" }.joined()
    }

    private static func text(_ node: Node, using generator: inout SeededGenerator) -> String {
        func space() -> String { ["", "", " ", "\n", "\t", "\r\n"].randomElement(using: &generator) ?? "" }
        func quoted(_ text: String) -> String {
            "\""
                + text.unicodeScalars.map { scalar -> String in
                    switch scalar {
                    case "\"": "\\\""
                    case "\\": "\\\\"
                    case "\n": "\\n"
                    case _ where scalar.value < 0x20 || Bool.random(using: &generator):
                        String(scalar).utf16.map {
                            "\\u" + String(repeating: "0", count: 4 - String($0, radix: 16).count) + String($0, radix: 16)
                        }.joined()
                    default: String(scalar)
                    }
                }.joined() + "\""
        }
        let body: String
        switch node.value {
        case .scalar(.string(let text)): body = quoted(text)
        case .scalar(let scalar): body = scalar.text
        case .sequence(let elements):
            body = "[" + elements.map { text($0, using: &generator) }.joined(separator: ",") + space() + "]"
        case .mapping(let entries):
            body =
                "{" + entries.map { quoted($0.key) + space() + ":" + text($0.value, using: &generator) }.joined(separator: ",")
                + "}"
        }
        return space() + body + space()
    }

    private static func stripped(_ node: Node) -> Node {
        let mark = Node.Mark(line: 0, column: 0)
        return switch node.value {
        case .scalar: Node(node.value, mark: mark)
        case .sequence(let elements): Node(.sequence(elements.map(stripped)), mark: mark)
        case .mapping(let entries):
            Node(.mapping(entries.map { Node.Entry(key: $0.key, keyMark: mark, value: stripped($0.value)) }), mark: mark)
        }
    }
}
