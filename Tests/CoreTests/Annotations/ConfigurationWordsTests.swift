import Testing

@testable import Core

@Suite struct ConfigurationWordsTests {
    @Test(arguments: [
        ("a  b\tc", ["a", "b", "c"]), (" a ", ["a"]), (#"'a b'"c d"e\ f"#, ["a bc de f"]), (#"a"'"b'"'"#, ["a'b\""]),
        (#"'' "" x"#, ["", "", "x"]), (##"\x41\\\'\"\#"##, [##"A\'"#"##]), (##""#" '#'"##, ["#", "#"]),
        (#""\$HOME" $HOME '$HOME' \$"#, ["$HOME", "$HOME", "$HOME", #"\$"#]),
        (#"\y "\y" '\y'"#, [#"\y"#, #"\y"#, #"\y"#]), ("ü 日本", ["ü", "日本"]), ("", []), ("\"a'\u{301}\"", ["a'\u{301}"]),
    ])
    func `Words are those that HAProxy reads`(_ text: String, _ words: [String]) throws {
        #expect(try ConfigurationWords.read(text) == words)
    }

    @Test(arguments: [
        ("'a", "quote"), ("\"a", "quote"), ("a\\", "backslash"), ("a # b", "comment"), ("a#b", "comment"),
        (#""$HOME""#, "environment"),
        (#""${HOME}""#, "environment"), ("a\nb", "control"), (#"a\nb"#, "control"), (#""\x0a""#, "control"),
        (#"\x4"#, "hexadecimal"),
        (#"\xff"#, "ASCII"), ("'a\0'", "control"),
    ])
    func `What is no list of words is refused`(_ text: String, _ reason: String) {
        let error = #expect(throws: ValueError.self) { try ConfigurationWords.read(text) }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }
}
