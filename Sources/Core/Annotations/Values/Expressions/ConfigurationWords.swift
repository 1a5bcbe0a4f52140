/// Splits text into words as HAProxy splits a configuration line (configuration manual, section 2.2 "Quoting and escaping").
///
/// HAProxy looks at words after it took their quotes off: a quoted `}` closes a brace, and a quoted `-f` is a flag. So a tenant's
/// text is judged by these words, never by the way they are written. Environment variables, comments and control characters are
/// refused, however they are spelled.
public enum ConfigurationWords {
    /// The words, without quotes and escapes.
    ///
    /// - Throws: ``ValueError`` when HAProxy would not read the text as words alone.
    public static func read(_ text: String) throws -> [String] {
        var reader = Reader(rest: Array(text.utf8)[...])
        return try reader.read()
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>
        var words: [String] = []
        /// The bytes of the word that is being read; nil between words.
        var word: [UInt8]?
        var quote: UInt8?

        mutating func read() throws -> [String] {
            while let byte = rest.popFirst() {
                switch byte {
                case UInt8(ascii: "\\") where quote != UInt8(ascii: "'"): append(try escaped())
                case UInt8(ascii: "'"), UInt8(ascii: "\""):
                    if quote == nil { quote = byte } else if quote == byte { quote = nil } else { append(byte) }
                    // Quotes around nothing are a word all the same.
                    word = word ?? []
                case UInt8(ascii: "$") where quote == UInt8(ascii: "\""):
                    throw ValueError("reads an environment variable; write \\$ for a dollar sign between double quotes")
                case UInt8(ascii: "#") where quote == nil:
                    throw ValueError("begins a comment with #; write \\# or put it between quotes")
                case UInt8(ascii: " ") where quote == nil, UInt8(ascii: "\t") where quote == nil: endWord()
                default: append(byte)
                }
            }
            guard quote == nil else { throw ValueError("does not close a quote") }
            endWord()
            guard words.allSatisfy(Quoting.isRepresentable) else { throw ValueError("holds control characters") }
            return words
        }

        private mutating func append(_ byte: UInt8) { word = (word ?? []) + [byte] }

        private mutating func endWord() {
            if let word { words.append(String(decoding: word, as: UTF8.self)) }
            word = nil
        }

        /// The byte that a backslash and what follows it stand for; the backslash itself where they are no escape.
        private mutating func escaped() throws -> UInt8 {
            guard let next = rest.first else { throw ValueError("ends with a backslash") }
            switch next {
            case UInt8(ascii: " "), UInt8(ascii: "\\"), UInt8(ascii: "#"), UInt8(ascii: "'"), UInt8(ascii: "\""):
                rest.removeFirst()
                return next
            case UInt8(ascii: "$") where quote == UInt8(ascii: "\""):
                rest.removeFirst()
                return next
            case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"): throw ValueError("holds control characters")
            case UInt8(ascii: "x"):
                let digits = rest.dropFirst().prefix(2).map { Character(Unicode.Scalar($0)) }
                guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let byte = UInt8(String(digits), radix: 16) else {
                    throw ValueError("holds \\x without two hexadecimal digits")
                }
                guard byte < 0x80 else { throw ValueError("spells a byte that is no ASCII character with \\x") }
                rest = rest.dropFirst(3)
                return byte
            default: return UInt8(ascii: "\\")
            }
        }
    }
}
