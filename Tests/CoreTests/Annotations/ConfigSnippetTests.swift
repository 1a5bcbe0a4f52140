import Testing

@testable import Core

@Suite struct ConfigSnippetTests {
    @Test func `Lines are kept in order, without indentation, comments and empty lines`() throws {
        let snippet = try ConfigSnippet("  option httplog\r\n\n\t# why\nhttp-request set-header X 'a b' # note\n")
        #expect(snippet.lines == ["option httplog", "http-request set-header X 'a b' # note"])
    }

    @Test(arguments: ConfigSnippet.sectionKeywords.sorted())
    func `A snippet cannot begin a section`(_ keyword: String) {
        for text in [
            keyword, "\(keyword) x", "  \(keyword)\tx", "option httplog\n\(keyword) x", "'\(keyword)' x", "\"\(keyword)\" x",
            "\\\(keyword) x", "\(keyword.prefix(1))''\(keyword.dropFirst()) x", "\(keyword)# x", "\(keyword)\u{a0}x",
            "\\x\(String(keyword.utf8.first ?? 0, radix: 16))\(keyword.dropFirst()) x", "\"${UNSET}\(keyword)\" x",
            "\"${UNSET-\(keyword)}\" x", "\(keyword)'' x", "$UNSET\(keyword) x", "\(keyword)#\u{301} x",
        ] {
            #expect(throws: ValueError.self, "\(text)") { try ConfigSnippet(text) }
        }
    }

    @Test(arguments: [
        "", " \n ", "# only a comment", ".if true", "option httplog\n.notice x", "'.'if true", "\\.if true",
        "option httplog \\", "option\u{0} httplog", "option \u{1b}[0m", "option httplog \\\nbackend x",
    ]) func `Empty snippets, conditions, continued lines and control characters are refused`(_ text: String) {
        #expect(throws: ValueError.self) { try ConfigSnippet(text) }
    }

    @Test(arguments: [
        "http-request deny if { path -m reg \\.php$ }", "http-request set-header X \"${HOME}\"", "use_backend x if backend",
        "option httplog\tclf", "http-request return string 'it\\'s'", "errorfile 503 /etc/x", "globalish x", "no option httplog",
    ]) func `What only looks like one of these stays a line of its section`(_ text: String) throws {
        #expect(try ConfigSnippet(text).lines == [text])
    }
}
