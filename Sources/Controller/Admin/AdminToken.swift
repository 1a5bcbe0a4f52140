import Foundation

/// The token of `--admin-token-file`. The file is read for each request that shows one, so that a changed Secret is in force.
struct AdminToken: Sendable, Equatable {
    let path: String

    /// The fewest characters of a token: shorter ones can be guessed.
    static let minimalLength = 16

    /// The token in the file.
    ///
    /// - Throws: ``FileError`` when there is no file, and ``Unusable`` when what it holds is no token.
    var current: String {
        get throws {
            let text: String
            do { text = try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8) } catch {
                throw FileError(path: path, error)
            }
            let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
            guard token.utf8.count >= Self.minimalLength, token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                throw Unusable(path: path)
            }
            return token
        }
    }

    /// Whether a client shows the token. Takes as long whichever of its characters are right.
    func accepts(_ shown: String) -> Bool {
        guard let token = try? current else { return false }
        let (a, b) = (Array(token.utf8), Array(shown.utf8))
        var difference = a.count ^ b.count
        for index in b.indices { difference |= Int(a[index % a.count] ^ b[index]) }
        return difference == 0
    }

    /// A file that holds no token.
    struct Unusable: Error, CustomStringConvertible {
        let path: String
        var description: String {
            "--admin-token-file: \(path) holds no token; expected at least \(minimalLength) characters on one line, such as the output of openssl rand -hex 32"
        }
    }
}
