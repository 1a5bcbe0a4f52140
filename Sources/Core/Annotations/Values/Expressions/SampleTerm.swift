/// A fetch or a converter as it is written: a name, and arguments without their quotes.
struct SampleTerm: Hashable, Sendable {
    let name: String
    let arguments: [String]

    /// The term as HAProxy reads it back, inside one word.
    var text: String {
        arguments.isEmpty ? name : "\(name)(\(arguments.map(Self.quoted).joined(separator: ",")))"
    }

    /// Quoted so that HAProxy's reader of arguments takes it for one (section 2.2, "second level of quoting").
    private static func quoted(_ argument: String) -> String {
        guard argument.utf8.contains(where: { ",)\"'\\".utf8.contains($0) }) else { return argument }
        guard argument.utf8.contains(UInt8(ascii: "'")) else { return "'\(argument)'" }
        var quoted: [UInt8] = []
        for byte in argument.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { quoted.append(UInt8(ascii: "\\")) }
            quoted.append(byte)
        }
        return "\"\(String(decoding: quoted, as: UTF8.self))\""
    }
}

/// Reads terms from the front of a text, as HAProxy reads them inside one word.
struct SampleTermReader {
    var rest: ArraySlice<UInt8>

    init(_ text: some StringProtocol) { rest = Array(text.utf8)[...] }

    /// What is not read yet.
    var remainder: String { String(decoding: rest, as: UTF8.self) }

    /// - Throws: ``ValueError`` when no name stands here, or its arguments do not end.
    mutating func term(of kind: String) throws -> SampleTerm {
        let name = rest.prefix(while: Self.isInName)
        guard !name.isEmpty else { throw ValueError("does not name a \(kind) where one is expected") }
        rest = rest.dropFirst(name.count)
        let word = String(decoding: name, as: UTF8.self)
        guard rest.first == UInt8(ascii: "(") else { return SampleTerm(name: word, arguments: []) }
        rest.removeFirst()
        var arguments: [String] = []
        while true {
            arguments.append(try argument(of: word))
            // The reader of one argument stops at nothing else.
            if rest.popFirst() == UInt8(ascii: ")") { return SampleTerm(name: word, arguments: arguments) }
        }
    }

    /// One argument up to the comma or the parenthesis that ends it.
    private mutating func argument(of name: String) throws -> String {
        var argument: [UInt8] = []
        var quote: UInt8?
        while let byte = rest.first {
            if quote == nil, byte == UInt8(ascii: ",") || byte == UInt8(ascii: ")") {
                return String(decoding: argument, as: UTF8.self)
            }
            rest.removeFirst()
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                if quote == nil { quote = byte } else if quote == byte { quote = nil } else { argument.append(byte) }
            case UInt8(ascii: "\\") where quote != UInt8(ascii: "'"):
                guard let next = rest.first else { throw ValueError("ends with a backslash") }
                switch next {
                case UInt8(ascii: "\\"), UInt8(ascii: " "), UInt8(ascii: "\""), UInt8(ascii: "'"):
                    rest.removeFirst()
                    argument.append(next)
                case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"): throw ValueError("holds control characters")
                default: argument.append(byte)
                }
            default: argument.append(byte)
            }
        }
        throw ValueError("does not close a \(quote == nil ? "parenthesis" : "quote") after \(name)")
    }

    /// The characters that HAProxy takes for a part of a fetch's or converter's name.
    static func isInName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_.:+".utf8.contains(byte)
        }
    }
}
