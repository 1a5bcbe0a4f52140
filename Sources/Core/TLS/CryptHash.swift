/// A password hash that crypt(3) of Debian's libxcrypt understands, and nothing else (manual page crypt(5)).
///
/// HAProxy works the hash out again on its own threads for every request, and its watchdog ends a process whose thread stands
/// still for long. A hash made to be very expensive would therefore stop all traffic, so that its cost has a limit here.
public struct CryptHash: Hashable, Sendable {
    public let text: String
    /// How long a core of 2023 takes to check a password at most, by estimation. Clients choose the password: crypt(3) takes up to 512
    /// bytes, and most methods hash them in every round.
    public let cost: Duration

    /// - Throws: ``ValueError`` with what the text looks like instead. The text itself is not repeated.
    public init(_ text: String) throws {
        cost = try Self.cost(of: text)
        self.text = text
        guard cost <= Self.maximumCost else {
            throw ValueError(Self.tooExpensive("\(Self.maximumCost.haproxyNotation) are accepted"))
        }
    }

    /// HAProxy's watchdog ends a process whose thread stands still for a second or two; slower machines take a multiple of the estimate.
    private static let maximumCost = Duration.milliseconds(250)
    /// N · r of scrypt and yescrypt; 128 times as many bytes of memory are used.
    private static let maximumBlocks = 1 << 19

    private static let supported = "$6$, $5$, $y$, $gy$, $7$, $2a$, $2b$, $2y$, $sha1$, $1$ or 13-character DES"

    private static func tooExpensive(_ limit: String) -> String {
        "is a hash so expensive that checking it would hold up all of HAProxy's traffic; at most \(limit)"
    }

    private static func cost(of text: String) throws(ValueError) -> Duration {
        guard !text.isEmpty else { throw ValueError("is empty") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw ValueError("is no crypt(3) hash: it holds spaces, line breaks or characters outside of ASCII")
        }
        if text.hasPrefix("{") { throw ValueError("is an LDAP hash, which crypt(3) does not know") }
        guard text.hasPrefix("$") else {
            if let problem = problem(withoutMethod: text) { throw ValueError(problem) }
            return .microseconds(20)
        }
        var fields = text.dropFirst().split(separator: "$", omittingEmptySubsequences: false)
        let method = fields.removeFirst()
        switch method {
        case "1":
            guard isShaped(fields, salt: 0...8, hash: 22) else { throw incomplete("$1$") }
            return .microseconds(1300)
        case "5": return try sha2(fields, method: "$5$", hash: 43, round: .nanoseconds(2300))
        case "6": return try sha2(fields, method: "$6$", hash: 86, round: .nanoseconds(1500))
        case "2a", "2b", "2y": return try bcrypt(fields, method: "$\(method)$")
        case "y", "gy": return try yescrypt(fields, method: "$\(method)$")
        case "7": return try scrypt(fields)
        case "sha1": return try sha1(fields)
        case "apr1":
            throw ValueError("is an Apache MD5 hash ($apr1$, the default of htpasswd), which crypt(3) does not know")
        default:
            guard !fields.isEmpty, (1...16).contains(method.utf8.count), method.allSatisfy({ $0.isLetter || $0.isNumber }) else {
                throw ValueError("is no crypt(3) hash; is it a plain-text password?")
            }
            throw ValueError("is a hash of a kind that is not supported; supported are \(supported)")
        }
    }

    private static func problem(withoutMethod text: String) -> String? {
        // Traditional DES: a salt of two characters and a hash of eleven.
        if text.utf8.count == 13, isPlain(text[...]) { return nil }
        if [32, 40, 64, 96, 128].contains(text.utf8.count), text.allSatisfy(\.isHexDigit) {
            return "is a plain MD5 or SHA digest in hexadecimal, which crypt(3) does not know"
        }
        return "is no crypt(3) hash; is it a plain-text password?"
    }

    private static func incomplete(_ method: String) -> ValueError {
        ValueError("starts like a \(method) hash but is incomplete or altered")
    }

    /// `[rounds=N$]salt$hash`; libxcrypt takes 1000 rounds and more.
    private static func sha2(
        _ fields: [Substring], method: String, hash: Int, round: Duration
    ) throws(ValueError) -> Duration {
        var fields = fields
        // crypt(5), "rounds".
        var rounds = 5000
        if let first = fields.first, first.hasPrefix("rounds=") {
            let digits = first.dropFirst("rounds=".count)
            guard let number = number(digits, atMost: 9), number >= 1000 else {
                throw ValueError("has a number of rounds that crypt(3) refuses; it takes 1000 to 999999999")
            }
            rounds = number
            fields.removeFirst()
        }
        guard isShaped(fields, salt: 0...16, hash: hash) else { throw incomplete(method) }
        return round * rounds
    }

    /// `rounds$salt$hash`
    private static func sha1(_ fields: [Substring]) throws(ValueError) -> Duration {
        guard fields.count == 3, let rounds = number(fields[0], atMost: 9), rounds > 0,
            isShaped(Array(fields[1...]), salt: 1...64, hash: 28)
        else { throw incomplete("$sha1$") }
        return .nanoseconds(1150) * rounds
    }

    /// `cost$salt and hash`, the cost in two digits.
    private static func bcrypt(_ fields: [Substring], method: String) throws(ValueError) -> Duration {
        guard fields.count == 2, fields[0].utf8.count == 2, fields[0].utf8.allSatisfy(isDigit), let cost = Int(fields[0]),
            (4...31).contains(cost), isHash(fields[1], 53)
        else { throw incomplete(method) }
        return .microseconds(43) * (1 << cost)
    }

    /// `parameters$salt$hash`, the parameters as crypt_gensalt(3) writes them: the flavour, N and r in a character each.
    private static func yescrypt(_ fields: [Substring], method: String) throws(ValueError) -> Duration {
        guard fields.count == 3, isPlain(fields[1]), fields[1].utf8.count <= 86, isHash(fields[2], 43) else {
            throw incomplete(method)
        }
        let parameters = fields[0].utf8.map { digits.firstIndex(of: $0) }
        // Greater digits announce a longer number.
        guard fields[0].utf8.first == UInt8(ascii: "j"), parameters.count == 3, let n = parameters[1], let r = parameters[2],
            n < 48, r < 48
        else { throw ValueError("is a yescrypt hash with unusual parameters; crypt_gensalt(3) writes ones like $y$j9T$") }
        return .nanoseconds(115) * (try blocks(n: n + 1, r: r + 1, p: 1))
    }

    /// `parameters and salt$hash`, the parameters being N in one character, r and p in five each.
    private static func scrypt(_ fields: [Substring]) throws(ValueError) -> Duration {
        guard fields.count == 2, (11...97).contains(fields[0].utf8.count), isPlain(fields[0]), isHash(fields[1], 43) else {
            throw incomplete("$7$")
        }
        let values = fields[0].utf8.prefix(11).map { digits.firstIndex(of: $0) ?? 0 }
        // The least significant character comes first.
        func number(_ range: Range<Int>) -> Int { values[range].reversed().reduce(0) { $0 << 6 | $1 } }
        let (r, p) = (number(1..<6), number(6..<11))
        guard values[0] > 0, r > 0, p > 0 else { throw incomplete("$7$") }
        return .nanoseconds(320) * (try blocks(n: values[0], r: r, p: p))
    }

    /// N · r · p.
    ///
    /// - Parameter n: the binary logarithm of N.
    private static func blocks(n: Int, r: Int, p: Int) throws(ValueError) -> Int {
        // None of the factors can overflow: n is less than 64, r and p less than 2^30.
        guard n < 30, r <= maximumBlocks, p <= maximumBlocks, r * p <= maximumBlocks >> n else {
            throw ValueError(tooExpensive("64 MiB of memory are accepted"))
        }
        return r * p << n
    }

    private static func isShaped(_ fields: [Substring], salt: ClosedRange<Int>, hash: Int) -> Bool {
        fields.count == 2 && salt.contains(fields[0].utf8.count) && isPlain(fields[0]) && isHash(fields[1], hash)
    }

    private static func isPlain(_ text: Substring) -> Bool { text.utf8.allSatisfy(digits.contains) }
    private static func isHash(_ text: Substring, _ count: Int) -> Bool { text.utf8.count == count && isPlain(text) }
    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    /// A decimal number without leading zeros.
    private static func number(_ text: Substring, atMost count: Int) -> Int? {
        guard (1...count).contains(text.utf8.count), text.utf8.allSatisfy(isDigit), text.first != "0" else { return nil }
        return Int(text)
    }

    /// crypt(3)'s 64 digits in their order.
    private static let digits = Array("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
}
