import Foundation
import Testing

@testable import Controller

@Suite("Text on a terminal")
struct TerminalTests {
    @Test("A pipe gets no escape sequences and no wrapping")
    func pipe() {
        let pipe = Pipe()
        let terminal = Terminal(descriptor: pipe.fileHandleForWriting.fileDescriptor, environment: ["TERM": "xterm"])
        #expect(!terminal.isStyled)
        #expect(terminal.width == nil)
        #expect(terminal.bold("a") == "a")
    }

    @Test(
        "On a terminal, NO_COLOR and TERM=dumb switch styles off",
        arguments: [
            (["TERM": "xterm"], true), (["TERM": "xterm", "NO_COLOR": ""], true), (["TERM": "xterm", "NO_COLOR": "1"], false),
            (["TERM": "dumb"], false),
        ])
    func styles(environment: [String: String], isStyled: Bool) throws {
        let descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        #expect(Terminal(descriptor: descriptor, environment: environment).isStyled == isStyled)
    }

    @Test("Columns begin one below the other, whatever is styled in them")
    func alignment() {
        let terminal = Terminal(isStyled: true)
        let lines = terminal.aligned([["a", "b", "c"], [terminal.red("long"), "", "d"], ["x"], []], indent: 1)
        #expect(lines == [" a     b  c", " \u{1b}[31mlong\u{1b}[0m     d", " x", ""])
    }

    @Test("The last column is wrapped at the terminal's width, with its lines below each other")
    func wrapping() {
        let terminal = Terminal(width: 30)
        let lines = terminal.aligned([["ab", "one two three four five six seven"]])
        #expect(lines == ["ab  one two three four five", "    six seven"])
        #expect(Terminal().aligned([["ab", "one two\nthree"]]) == ["ab  one two", "    three"])
    }
}
