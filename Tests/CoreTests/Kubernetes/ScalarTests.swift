import Testing

@testable import Core

@Suite("Scalars mean what Kubernetes takes them for")
struct ScalarTests {
    @Test(
        "Unquoted text resolves as in sigs.k8s.io/yaml",
        arguments: [
            ("true", Scalar.bool(true)), ("True", .bool(true)), ("yes", .bool(true)), ("on", .bool(true)), ("y", .bool(true)),
            ("Y", .bool(true)), ("ON", .bool(true)), ("false", .bool(false)), ("No", .bool(false)), ("off", .bool(false)),
            ("n", .bool(false)), ("tRue", .string("tRue")), ("yEs", .string("yEs")), ("nope", .string("nope")),
            ("~", .null), ("null", .null), ("Null", .null), ("NULL", .null), ("", .null), ("nULL", .string("nULL")),
            ("0", .integer(0)), ("-0", .integer(0)), ("8080", .integer(8080)), ("+12", .integer(12)), ("-7", .integer(-7)),
            ("1_000", .integer(1000)), ("010", .integer(8)), ("0o10", .integer(8)), ("0x1F", .integer(31)),
            ("-0x10", .integer(-16)),
            ("0b101", .integer(5)), ("-0b11", .integer(-3)), ("08", .float(8)), ("0xZZ", .string("0xZZ")),
            ("--1", .string("--1")),
            ("9223372036854775807", .integer(.max)), ("18446744073709551615", .float(1.8446744073709552e19)),
            ("0x10000000000000000", .float(18_446_744_073_709_551_616)),
            ("-0xFFFFFFFFFFFFFFFF", .float(-1.8446744073709552e19)),
            ("1.5", .float(1.5)), ("1.", .float(1)), (".5", .float(0.5)), ("-.5", .float(-0.5)), ("1e3", .float(1000)),
            ("1.5E-2", .float(0.015)), ("+1.e2", .float(100)), (".inf", .float(.infinity)), ("-.Inf", .float(-.infinity)),
            ("+.INF", .float(.infinity)), ("1e999", .string("1e999")), ("1.2.3", .string("1.2.3")), (".", .string(".")),
            ("inf", .string("inf")), ("nan", .string("nan")), ("0x1p3", .string("0x1p3")), ("1e", .string("1e")),
            ("10.0.0.0/8", .string("10.0.0.0/8")), ("10.0.0.1", .string("10.0.0.1")), ("30s", .string("30s")),
            ("12:30:45", .string("12:30:45")), ("2001-12-14", .string("2001-12-14")),
            ("2024-01-01T00:00:00Z", .string("2024-01-01T00:00:00Z")),
            ("-", .string("-")), ("_1", .string("_1")), ("<<", .string("<<")), ("é", .string("é")),
        ])
    func plain(text: String, expected: Scalar) {
        #expect(Scalar(resolving: text) == expected)
    }

    @Test("Not a number is a float", arguments: [".nan", ".NaN", ".NAN"])
    func notANumber(text: String) {
        guard case .float(let value) = Scalar(resolving: text) else {
            Issue.record("\(text) is no float")
            return
        }
        #expect(value.isNaN)
    }

    @Test(
        "Quotes, blocks and tags decide before the text does",
        arguments: [
            ("a: \"true\"", Scalar.string("true")), ("a: 'no'", .string("no")), ("a: \"8080\"", .string("8080")),
            ("a: |\n  yes\n", .string("yes\n")), ("a: >-\n  12\n", .string("12")), ("a: |+\n  x\n\n", .string("x\n\n")),
            ("a: >\n  folded\n  text\n", .string("folded text\n")), ("a: !!str 12", .string("12")),
            ("a: !!str yes", .string("yes")),
            ("a: !!int \"12\"", .integer(12)), ("a: !!float 3", .float(3)), ("a: !!bool \"on\"", .bool(true)),
            ("a: !!null ''", .null),
            ("a: !!binary aGVsbG8=", .string("hello")), ("a: !custom 12", .string("12")), ("a: ! 12", .string("12")),
            ("a: \"\\u00e9\\n\"", .string("é\n")), ("a: two words # comment", .string("two words")),
            ("a: multi\n  line", .string("multi line")), ("a: 'it''s'", .string("it's")),
        ])
    func styles(yaml: String, expected: Scalar) throws {
        let node = try #require(try onlyDocument(yaml).root?["a"])
        guard case .scalar(let scalar) = node.value else {
            Issue.record("no scalar")
            return
        }
        #expect(scalar.resolved == expected)
    }

    @Test(
        "A value that is not what its tag says is a problem",
        arguments: ["a: !!int x", "a: !!bool 3", "a: !!binary '*'", "a: !!null x"])
    func mismatch(yaml: String) throws {
        let problem = try #require(try onlyDocument(yaml).problems.first)
        #expect(problem.message.hasPrefix("is tagged !!"))
        #expect(problem.mark == Node.Mark(line: 1, column: 4))
    }

    @Test(
        "Times are stored in UTC with a Z",
        arguments: [
            ("2024-01-31T12:00:00Z", "2024-01-31T12:00:00Z"), ("2024-03-01T00:30:00+01:00", "2024-02-29T23:30:00Z"),
            ("2023-12-31T23:30:00-01:00", "2024-01-01T00:30:00Z"), ("2024-01-31T12:00:00.123456Z", "2024-01-31T12:00:00Z"),
            ("2024-01-01T00:00:00+00:30", "2023-12-31T23:30:00Z"), ("2024-02-30T00:00:00Z", nil), ("2024-13-01T00:00:00Z", nil),
            ("2024-01-01", nil), ("2024-01-01T00:00:00", nil), ("2024-01-01T24:00:00Z", nil), ("2024-01-01T00:00:00Zx", nil),
        ])
    func times(text: String, expected: String?) {
        #expect(Timestamp.utc(text) == expected)
    }
}

/// The one document of a text.
func onlyDocument(_ yaml: String) throws -> ParsedDocument {
    var documents: [ParsedDocument] = []
    try YAMLParser.parse(Array(yaml.utf8), file: "test.yaml") { documents.append($0) }
    try #require(documents.count == 1)
    return documents[0]
}
