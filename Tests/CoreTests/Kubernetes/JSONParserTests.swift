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
}
