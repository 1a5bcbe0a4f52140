import Foundation
import Testing

@testable import Core

/// Docs/expressions.md lists what the lists of fetches, converters and variables hold. `RECORD_EXPRESSIONS=1` writes the tables
/// of that page anew.
@Suite struct ExpressionDocumentationTests {
    private static let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Docs/expressions.md")

    @Test func `The page lists what may be used, and nothing else`() throws {
        var text = try String(contentsOf: Self.page, encoding: .utf8)
        for (name, rows) in Self.tables {
            let begin = try #require(text.range(of: "<!-- \(name) -->\n"), "\(name)")
            let end = try #require(text.range(of: "<!-- end of \(name) -->"), "\(name)")
            let written = text[begin.upperBound..<end.lowerBound]
            if ProcessInfo.processInfo.environment["RECORD_EXPRESSIONS"] == nil {
                #expect(written == rows, "\(name): run the test again with RECORD_EXPRESSIONS=1")
            } else {
                text.replaceSubrange(begin.upperBound..<end.lowerBound, with: rows)
                try text.write(to: Self.page, atomically: true, encoding: .utf8)
            }
        }
    }

    private static let tables: [(String, String)] = [
        (
            "fetches",
            fetches([SampleFetch.constants, SampleFetch.connection, SampleFetch.tls, SampleFetch.request, SampleFetch.response])
        ),
        ("converters", converters(SampleConverter.known.values.sorted { $0.name < $1.name })),
        ("variables", LogFormatVariable.allCases.map { "`%\($0.rawValue)`" }.sorted().joined(separator: ", ") + "\n"),
    ]

    private static func fetches(_ lists: [[SampleFetch]]) -> String {
        "\n| fetch | gives | in ACLs also | of |\n| --- | --- | --- | --- |\n"
            + lists.joined().map { fetch in
                let forms = MatchMethod.inNames.map { "`\(fetch.name)_\($0)`" }.sorted().joined(separator: ", ")
                return "| `\(call(fetch.name, fetch.signature))` | \(fetch.output) | \(fetch.hasMatchingForms ? forms : "") | "
                    + "\(place(fetch.availability)) |\n"
            }.joined() + "\n"
    }

    private static func converters(_ list: [SampleConverter]) -> String {
        "\n| converter | gives |\n| --- | --- |\n"
            + list.map { "| `\(call($0.name, $0.signature))` | \($0.output) |\n" }.joined() + "\n"
    }

    private static func place(_ availability: SampleFetch.Availability) -> String {
        switch availability {
        case .connection: "requests, responses, connections"
        case .always, .message: "requests, responses"
        case .request: "requests"
        case .response: "responses"
        }
    }

    private static func call(_ name: String, _ signature: SampleSignature) -> String {
        guard !signature.arguments.isEmpty else { return name }
        var text = "\(name)"
        for (position, argument) in signature.arguments.enumerated() {
            let separator = position == 0 ? "(" : ","
            text +=
                position < signature.required
                ? separator + word(argument) : position == 0 ? "([" + word(argument) : "[," + word(argument)
        }
        let optional = signature.arguments.count - signature.required
        return text + String(repeating: "]", count: optional) + ")"
    }

    private static func word(_ argument: SampleArgument) -> String {
        switch argument {
        case .text: "TEXT"
        case .name: "NAME"
        case .integer, .count: "NUMBER"
        case .boolean: "true/false"
        case .choice(let words): words.joined(separator: "/")
        case .ipv4Mask: "BITS"
        case .ipv6Mask: "IPV6-BITS"
        case .regularExpression: "REGEX"
        case .variable: ReadableVariable.allCases.map(\.rawValue).joined(separator: "/")
        }
    }
}
