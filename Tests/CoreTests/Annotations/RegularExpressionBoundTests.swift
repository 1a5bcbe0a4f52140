import Testing

@testable import Core

@Suite struct RegularExpressionBoundTests {
    @Test(arguments: [
        "^/a", "^/v[0-9]+/users/[^/]+/.*$", "^/(api|web)/?$", "(?i)^www\\.", "^(?:a|b)c{2,5}$", "a{,}b", "[[:alpha:]]+", "[]a]*x",
        "^/(en|de)(/.*)?$", "a+?b", "x{y}",
    ])
    func `A pattern that ends soon is accepted`(_ pattern: String) throws {
        try RegularExpressionBound.check(pattern)
    }

    @Test(arguments: [
        ("", "empty"), ("^/(a+)+$", "very long"), ("(a|a)*", "very long"), ("((a+))+", "very long"), ("(a*){2,9}", "very long"),
        ("(x(a?)y)*", "very long"), ("a+b+c+d+e+", "4 repetitions"), ("a{1,1000}", "100 times"), (#"(a)\1"#, #"\1"#),
        ("(?=a)b", "(?"),
        ("(?P<n>a)", "(?"), ("(*LIMIT_MATCH=1)a", "(*"), ("a)", "did not open"), ("(a", "not close"), ("[a", "class"),
        ("a\\", "backslash"),
        ("*a", "repeats nothing"), ("(|*)", "repeats nothing"), ("a**", "repeats nothing"),
        (String(repeating: "a", count: 513), "512"),
    ])
    func `A pattern that may take long is refused`(_ pattern: String, _ reason: String) {
        let error = #expect(throws: ValueError.self) { try RegularExpressionBound.check(pattern) }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }
}
