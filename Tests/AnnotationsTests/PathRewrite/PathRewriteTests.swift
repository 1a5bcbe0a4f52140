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
        ("^/(a+)+$ /x", "(a+)+"), (".*.*.*.*= /x", "steps"), (#"^/(a)\1 /x"#, "refers back"), ("^/a(?=b) /x", "(?="),
        ("(?R) /x", "(?R"), ("(?<n>a) /x", "(?<"),
    ])
    func `An expression whose cost nothing bounds is refused with the reason and an example`(_ line: String, _ part: String)
        throws
    {
        // However many there are: the first one tells.
        for value in [line, Array(repeating: line, count: 30).joined(separator: "\n")] {
            let trial = try trial(value)
            let finding = try #require(trial.findings.first)
            #expect(trial.findings.count == 1 && finding.message.contains(part), "\(finding)")
            #expect(finding.example?.isEmpty == false)
            #expect(!trial.configuration.contains("replace-path"))
        }
    }

    @Test func `Paths for which an expression would cost too much get 414`() throws {
        #expect(!(try trial(#"^/a/(.*)$ /\1"#)).configuration.contains("414"))
        let one = try limits(#"/a/(.*)/b /\1"#)
        #expect(one.count == 1 && one[0] >= 1024 && one[0] < 16_384)
        // All of them together cost no more than one may.
        let many = try limits(Array(repeating: #"/a/(.*)/b /\1"#, count: 4).joined(separator: "\n"))
        #expect(many.count == 4 && Set(many).count == 1 && many[0] < one[0])
        let costly = try trial(Array(repeating: ".*.*= /x", count: 30).joined(separator: "\n"))
        #expect(costly.findings.count == 1 && costly.findings[0].message.contains("together"))
    }

    private func limits(_ value: String) throws -> [Int] {
        try trial(value).backend.compactMap { line in
            line.wholeMatch(of: /http-request return status 414 if { path -m len gt (\d+) }/).flatMap { Int($0.1) }
        }
    }

    @Test func `There are no more rules than the operator allows`() throws {
        let trial = try trial(Array(repeating: "/x", count: 33).joined(separator: "\n"))
        #expect(trial.findings.count == 1 && trial.findings[0].message.contains("--limits rewrite-rules="))
        #expect(!trial.configuration.contains("set-path"))
    }

    @Test func `A replacement that uses a group that is not there is warned about`() throws {
        #expect(try trial(#"^/(a)/(?:b) /\2"#).findings.map(\.severity) == [.warning])
        #expect(try trial(#"^/(a)/(b) /\2\0"#).findings.isEmpty)
        #expect(try trial(#"^/(a) /\\2\1"#).findings.isEmpty)
    }
}
