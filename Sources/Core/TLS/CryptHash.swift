/// A password hash that crypt(3) of Debian's libxcrypt understands, and nothing else (manual page crypt(5)).
public struct CryptHash: Hashable, Sendable {
    public let text: String

    /// - Throws: ``ValueError`` with what the text looks like instead.
    public init(_ text: String) throws {
        if text.hasPrefix("$apr1$") { throw ValueError("is an Apache MD5 hash ($apr1$), which crypt(3) does not know") }
        if text.hasPrefix("{") { throw ValueError("is an LDAP hash, which crypt(3) does not know") }
        guard text.utf8.allSatisfy({ Self.alphabet.contains($0) || $0 == UInt8(ascii: "$") || $0 == UInt8(ascii: "=") }) else {
            throw ValueError("is no crypt(3) hash; is it a plain-text password?")
        }
        guard Self.isKnown(text) else { throw ValueError("is no crypt(3) hash; is it a plain-text password?") }
        self.text = text
    }

    private static let alphabet = Set("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    private static func isKnown(_ text: String) -> Bool {
        guard text.hasPrefix("$") else {
            // Traditional DES: a salt of two characters and a hash of eleven.
            return text.utf8.count == 13 && isPlain(text[...])
        }
        var fields = text.dropFirst().split(separator: "$", omittingEmptySubsequences: false)
        let method = fields.removeFirst()
        switch method {
        case "1": return fields.count == 2 && fields[0].count <= 8 && hash(fields[1], 22)
        case "5", "6":
            if let rounds = fields.first, rounds.hasPrefix("rounds=") {
                guard let count = String(rounds.dropFirst(7)).wholeNumber, count <= 999_999_999 else { return false }
                fields.removeFirst()
            }
            return fields.count == 2 && fields[0].count <= 16 && isPlain(fields[0]) && hash(fields[1], method == "5" ? 43 : 86)
        case "2a", "2b", "2y":
            guard fields.count == 2, fields[0].utf8.count == 2, let cost = String(fields[0]).wholeNumber else { return false }
            return (4...31).contains(cost) && hash(fields[1], 53)
        case "y", "gy": return fields.count == 3 && !fields[0].isEmpty && fields.allSatisfy(isPlain) && hash(fields[2], 43)
        case "7": return fields.count == 2 && fields[0].count >= 11 && isPlain(fields[0]) && hash(fields[1], 43)
        default: return false
        }
    }

    private static func isPlain(_ text: Substring) -> Bool { text.utf8.allSatisfy(alphabet.contains) }
    private static func hash(_ text: Substring, _ count: Int) -> Bool { text.utf8.count == count && isPlain(text) }
}
