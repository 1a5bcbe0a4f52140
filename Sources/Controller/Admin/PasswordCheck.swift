import CCrypt
import Core
import Foundation

/// A name and a password as HTTP's Basic scheme carries them (RFC 7617).
struct BasicCredentials: Hashable, Sendable {
    let user: String
    let password: String

    /// Reads the value of an Authorization header; nil for another scheme and for what is not of its form.
    init?(_ header: String) {
        let words = header.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "basic", let data = Data(base64Encoded: String(words[1])),
            let text = String(data: data, encoding: .utf8), let colon = text.firstIndex(of: ":")
        else { return nil }
        user = String(text[..<colon])
        password = String(text[text.index(after: colon)...])
    }
}

/// Works out whether passwords are behind hashes, one at a time: a hash may take a quarter of a second, and whoever guesses gets no
/// more than one processor. What was right before is known again without.
actor PasswordCheck {
    /// Digests of hashes with their passwords, by user.
    private var known: [String: [UInt8]] = [:]

    /// The longest password that crypt(3) takes (CRYPT_MAX_PASSPHRASE_SIZE of libxcrypt).
    private static let longest = 511

    func accepts(_ shown: BasicCredentials, among users: [String: CryptHash]) -> Bool {
        guard (0...Self.longest).contains(shown.password.utf8.count), !shown.password.utf8.contains(0) else { return false }
        // A name that there is not takes as long as one that there is.
        guard let hash = users[shown.user] ?? users.values.first else { return false }
        let digest = Digest.sha256(Array("\(hash.text)\0\(shown.password)".utf8))
        if known[shown.user] == digest, users[shown.user] != nil { return true }
        let isRight = Self.matches(shown.password, hash) && users[shown.user] != nil
        if isRight { known[shown.user] = digest }
        return isRight
    }

    private static func matches(_ password: String, _ hash: CryptHash) -> Bool {
        var room: UnsafeMutableRawPointer?
        var size: CInt = 0
        defer { free(room) }
        guard let made = crypt_ra(password, hash.text, &room, &size) else { return false }
        return String(cString: made) == hash.text
    }
}
