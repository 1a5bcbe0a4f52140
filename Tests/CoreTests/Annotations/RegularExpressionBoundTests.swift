import Testing

@testable import Core

@Suite struct RegularExpressionBoundTests {
    @Test(arguments: [
        "^/a", "^/v[0-9]+/users/[^/]+/.*$", "^/(api|web)/?$", "(?i)^www\\.", "^(?:a|b)c{2,5}$", "^/(en|de)(/.*)?$",
        "\\.(jpg|png)$", "(iPhone|Android)", "^.*\\.example\\.com$",
    ])
    func `A pattern that ends soon is accepted`(_ pattern: String) throws {
        try RegularExpressionBound.check(pattern)
    }

    @Test(arguments: [
        "", "^/(a+)+$", "(a|a)*b", "((a+))+", "^a+b*a+b*a+b*a+c", ".*.*.*.*=", #"(a)\1"#, "(?=a)b", "(?P<n>a)", "(*LIMIT_MATCH=1)a",
        "a)", "(a", "[a", "a\\", "*a", "a**", String(repeating: "a", count: 2000),
    ])
    func `A pattern that may take long is refused`(_ pattern: String) {
        #expect(throws: ValueError.self) { try RegularExpressionBound.check(pattern) }
    }
}
