/// How stick tables live through a reload: the old worker hands them to the new one, which is its peer (configuration manual,
/// section 3.5 "Peers"; for HAProxy 2.6 to do so it must have run for five seconds).
///
/// The two meet at a socket that only HAProxy's own user can open, so that no port is taken. The section's name is that of the Go
/// controller, which snippets may say.
enum LocalPeer {
    static let section = "localinstance"
    /// The name of either worker.
    static let name = "local"

    /// A line of a snippet, so that the table which it defines lives through a reload. A table that names peers has what it names.
    static func keeping(_ line: String) -> String {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.first == "stick-table", !words.contains("peers") else { return line }
        // Before the other arguments, behind which there may be a comment.
        return (["stick-table", "peers", Substring(section)] + words.dropFirst()).joined(separator: " ")
    }
}
