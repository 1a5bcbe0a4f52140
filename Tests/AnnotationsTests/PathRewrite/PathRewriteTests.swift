import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct PathRewriteTests {
    func trial(_ value: String) throws -> AnnotationTrial {
        try AnnotationTrial([PathRewrite.self], ingress: ["path-rewrite": value])
    }

    @Test func `One word is the new path`() throws {
        #expect(try trial("/new").backend.contains("http-request set-path /new"))
    }

    @Test func `Two words are a regular expression and its replacement`() throws {
        #expect(try trial(#"^/shop/?(.*)$   /\1"#).backend.contains(#"http-request replace-path '^/shop/?(.*)$' '/\1'"#))
    }

    @Test func `Lines apply in the order in which they are written`() throws {
        let rules = try trial("/a\n\n^/a /b\n/c\n").backend.filter { $0.hasPrefix("http-request") }
        #expect(rules == ["http-request set-path /a", "http-request replace-path ^/a /b", "http-request set-path /c"])
    }

    @Test func `A percent sign in a path stays one`() throws {
        #expect(try trial("/100%25/%[src]").backend.contains("http-request set-path /100%%25/%%[src]"))
        #expect(try trial("^/x /%[src]").backend.contains { $0.hasSuffix("/%%[src]") })
    }

    @Test func `A question mark in a new path is warned about`() throws {
        #expect(try trial("/a?b=c").findings.map(\.severity) == [.warning])
    }

    @Test(arguments: [
        "", "new", "a b c", "( /x", ") /x", "[a /x", #"a\ /x"#, "* /x", "a|+ /x", "(?:a /x", #"^/a /b\"#, "/a\u{1}b",
        "/fine\n[ /broken",
    ])
    func `What cannot be a rule is reported and left out`(_ value: String) throws {
        let trial = try trial(value)
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(!trial.configuration.contains("set-path"))
        #expect(!trial.configuration.contains("replace-path"))
    }

    @Test(arguments: [
        "^/a(?=b)", "(?i)^/A", "(?<name>a)(?P<other>b)", "a++b*?c{2,3}", "[]a]", "[^]a]", "[[:alpha:]/]", #"\Q(\E"#, #"\Q("#,
        #"\("#,
        "(?#(comment)a", "(*UTF)a", "(a|b)?", "()", "a{2", #"[\]]"#, "(?x)a#(",
    ])
    func `What PCRE2 compiles is not refused`(_ expression: String) throws {
        #expect(RegularExpressionText(expression).flaw == nil)
    }

    @Test func `A replacement that uses a group that is not there is warned about`() throws {
        #expect(try trial(#"^/(a)/(?:b) /\2"#).findings.map(\.severity) == [.warning])
        #expect(try trial(#"^/(a)/(?<n>b) /\2\0"#).findings.isEmpty)
        #expect(try trial(#"^/(a) /\\2\1"#).findings.isEmpty)
    }
}
