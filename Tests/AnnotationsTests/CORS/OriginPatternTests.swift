import Testing

@testable import Annotations

@Suite("Origin patterns")
struct OriginPatternTests {
    @Test(
        "a pattern that few origins match is listed",
        arguments: [
            ("https://www.example.com", ["https://www.example.com"]),
            (#"^https?://a\.example\.com$"#, ["http://a.example.com", "https://a.example.com"]),
            (#"https://(www|app)\.b\.c"#, ["https://www.b.c", "https://app.b.c"]),
            (#"^http://[a-c]x{2}$|^http://d$"#, ["http://axx", "http://bxx", "http://cxx", "http://d"]),
            (#"http://p\d"#, (0...9).map { "http://p\($0)" }),
            (#"x(?:y)?"#, ["x", "xy"]),
        ])
    func listed(pattern: String, origins: [String]) throws {
        #expect(Set(try OriginPattern(pattern).origins ?? []) == Set(origins))
    }

    @Test(
        "a pattern that many origins match stays an expression, without anchors",
        arguments: [
            (#"^https://[a-z0-9-]+\.example\.com(:\d+)?$"#, #"https://[a-z0-9\-]+\.example\.com(?::\d+)?"#),
            (#".*\.example\.com"#, #".*\.example\.com"#),
            (#"(^a.$|^b_+$)"#, "(?:a.|b_+)"),
            ("[^/]x", "[^/]x"),
            // A hyphen that stands for itself must not begin a range.
            (#"[a\-z]+"#, #"[a\-z]+"#),
            (#"[\d-z]+"#, #"[\d\-z]+"#),
            (#"[]a]+]}"#, #"[\]a]+\]\}"#),
            ("a{2,}b{0,90}", "a{2,}b{0,90}"),
        ])
    func expression(pattern: String, expression: String) throws {
        let parsed = try OriginPattern(pattern)
        #expect(parsed.origins == nil)
        #expect(parsed.expression == expression)
    }

    @Test(
        "what engines read differently, or not at all, is refused",
        arguments: [
            "", "https://a b", "a(", "a)", "[a", "*a", "a**", "a{2", "a{3,2}", "a{1000}", "(?=a)", "(?<n>a)", #"\1"#, #"(a)\1"#,
            #"a\"#, "a{,3}", "a{+3}", "a{1,+3}", "a{}", "(*FAIL)", "[A-[]", #"[!-\d]"#, "a(^b)", "(a$)b", "(^a)*", "(^a$)?",
            "((((a{100}){100}){100}){100}){100}", "(([a-z]{9}x){9}){99}", "a^b", "a$b", "[z-a]", "a\u{7}", #"\bfoo"#,
            "[[:alpha:]]", String(repeating: "(", count: 30), "é",
        ])
    func refused(pattern: String) {
        #expect(throws: (any Error).self) { try OriginPattern(pattern) }
    }
}
