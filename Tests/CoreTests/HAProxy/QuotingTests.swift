import Core
import Foundation
import TestSupport
import Testing

/// What HAProxy itself reads from a quoted argument: `.notice` (configuration manual, section 2.4) says it back.
@Suite struct QuotingTests {
    @Test func `Every printable character in a quoted argument arrives as itself`() throws {
        let ascii = (UInt8(0x20)...0x7e).map { String(UnicodeScalar($0)) }
        let inside = ascii.map { "a\($0)b" } + ascii.map { "\($0)\($0)" } + ascii.map { "x \($0)" }
        let all = String(String.UnicodeScalarView((0x20...0x7e).compactMap { Unicode.Scalar(UInt32($0)) }))
        let more = [
            all, String(all.reversed()), "grüße, 日本 🎉", "it's \"quoted\" \\n", "\u{a0}nbsp\u{2028}", "'\u{301}' ${HOME} #",
            "${HOME}", "\"${HOME}\"", "\\x41", "%[src]", "$(id)", "'; .alert injected", "a\u{301}'\u{308}x", "\\'",
        ]
        try check(inside + more)
    }

    @Test func `Every printable character alone, and random text, arrive as themselves`() throws {
        var random = SeededGenerator()
        let ascii = (UInt8(0x21)...0x7e).map { String(UnicodeScalar($0)) }
        let special = ["'", "\"", "\\", "$", "{", "}", "#", " ", "%", "\u{301}", "\u{200d}", "é", "x", "[", "]", "`"]
        let texts = (0..<200).map { _ in
            (0..<Int.random(in: 1...12, using: &random)).map { _ in special.randomElement(using: &random) ?? "" }.joined()
        }
        try check(ascii + texts, comment: "TEST_SEED=\(random.seed)")
    }

    /// Each value is said between marks, so that spaces at its ends count.
    private func check(_ values: [String], comment: String = "") throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        // Once with marks around it, and once alone, when it may be bare.
        var text = ""
        for value in values {
            let line: Directive = ".notice \("<<" + value + ">>")"
            #expect(line.unrepresentable == nil)
            text += "\(line.text)\n"
        }
        text += "global\n"
        for (index, value) in values.enumerated() {
            let line: Directive = "  setenv VALUE\(index) \(value)"
            text += "\(line.text)\n"
        }
        for index in values.indices { text += ".notice \"<<${VALUE\(index)}>>\"\n" }
        let file = directory.url.appendingPathComponent("quoting.cfg")
        try Data(text.utf8).write(to: file)
        let output = try Self.haproxy(["-c", "-f", file.path])
        // By bytes: an accent at the beginning of a value would hide the mark before it.
        let said = output.split(separator: UInt8(ascii: "\n")).filter { $0.starts(with: "[NOTICE]".utf8) }.map { line in
            Array(line.drop { $0 != UInt8(ascii: "<") }.dropFirst(2).dropLast(">>'.".utf8.count))
        }
        let expected = (values + values).map { Array($0.utf8) }
        #expect(said.count == expected.count, "\(String(decoding: output.suffix(2000), as: UTF8.self)) \(comment)")
        for (value, heard) in zip(expected, said) {
            #expect(value == heard, "\(String(decoding: value, as: UTF8.self)) \(comment)")
        }
    }

    private static func haproxy(_ arguments: [String]) throws -> Data {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["haproxy"] + arguments
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return output
    }
}
