import Testing

@testable import AnnotationRegistrar

@Suite("Lexical structure of Swift files")
struct SwiftLexerTests {
    private func words(_ source: String) -> [String] {
        SwiftLexer.tokens(of: source).compactMap(\.identifier)
    }

    @Test(
        "What stands in comments and literals is no token",
        arguments: [
            #"/* struct X {} */"#,
            #"/* a /* nested */ struct X {} */"#,
            #"// struct X {}"#,
            #"/// ```struct X```"#,
            #""struct X {}""#,
            #""a \" struct X {""#,
            #""a \\""#,
            #""a \(struct("b \(x) c")) struct X {""#,
            #""\(")")""#,
            #""\(/* ) " */ 1)""#,
            ##"#"struct "X" \(no) {"#"##,
            ##"#"a \#("b") struct"#"##,
            ##"#"""#"##,
            "\"\"\"\nspec: {\n  a: \"struct X\"\n  \\\"\"\" struct X {\n\"\"\"",
            "\"\"\"\nname: \\(names.map { \"\\($0) {\" }.joined())\n}}}\n\"\"\"",
            "#\"\"\"\n\"\"\" struct X \\(x) {\n\"\"\"#",
            #"/struct X \/ "/"#,
            ##"#/ struct / X "/#"##,
            "#/\n  struct X {  # a comment with \"\n/#",
        ])
    func literalsAreOpaque(source: String) {
        #expect(words("before\n= \(source)\nafter") == ["before", "after"])
    }

    @Test("A slash between operands is an operator")
    func divisionIsNoRegex() {
        #expect(words("a/b/c; (a)/b / c; x[1]/y/z") == ["a", "b", "c", "a", "b", "c", "x", "y", "z"])
        #expect(words("reduce(1, /); b(\"/\")") == ["reduce", "b"])
    }

    @Test("A regular expression that holds a quote does not begin a string")
    func regexWithQuote() {
        #expect(words("let a = /\"/\nstruct X {}") == ["let", "a", "struct", "X"])
        #expect(words("return /\"/\nstruct X {}") == ["return", "struct", "X"])
    }

    @Test("Names in backticks keep them")
    func backticks() {
        #expect(words("let `struct` = 1") == ["let", "`struct`"])
    }

    @Test("Tokens know their lines, behind multi-line strings and comments too")
    func lines() {
        let tokens = SwiftLexer.tokens(of: "a\n/*\n*/ b\n\"\"\"\n\n\"\"\"\nc")
        #expect(tokens.filter { $0.identifier != nil }.map(\.line) == [1, 3, 7])
    }

    @Test(
        "Files that do not end what they began are read to their end",
        arguments: ["/* a", "\"\"\"\na", "\"a", "\"\\(", "#/a", "`a", "#if", "\\"])
    func unfinished(source: String) {
        #expect(SwiftLexer.tokens(of: source).count <= 3)
    }

    @Test("A first line that names an interpreter is skipped")
    func interpreterLine() {
        #expect(words("#!/usr/bin/env swift\na") == ["a"])
    }
}
