/// What nobody is shown of haproxy.cfg, wherever it stands in a line: hashes and passwords of users, of the statistics page and
/// of cookies. Keys are in files of their own.
enum ConfigurationSecrets {
    private static let before: Set<Substring> = ["password", "insecure-password", "dynamic-cookie-key", "auth"]

    /// The text with `***` in place of secrets.
    static func hidden(in configuration: String) -> String {
        configuration.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard before.contains(where: { line.contains($0) }) else { return String(line) }
            return hidden(inLine: line)
        }.joined(separator: "\n")
    }

    private static func hidden(inLine line: Substring) -> String {
        var words = line.split(separator: " ", omittingEmptySubsequences: false)
        var follows = false
        for index in words.indices where !words[index].isEmpty {
            if follows {
                // A quoted word may hold blanks: nothing after it is shown.
                guard !words[index].contains(where: { "\"'\\".contains($0) }) else {
                    return (words[..<index] + ["***"]).joined(separator: " ")
                }
                words[index] = "***"
            }
            follows = before.contains(words[index])
        }
        return words.joined(separator: " ")
    }
}
