/// The threads that take the connections of a listener, as `bind ... thread` has them (configuration manual, section 5.1,
/// "thread"). Threads count from 1; a group in front of `/` makes the numbers those of the group.
public struct ThreadSet: Hashable, Sendable, CustomStringConvertible {
    /// As HAProxy reads it; several sets with commas.
    public let description: String
    private let sets: [String]

    /// The most threads that any HAProxy has.
    private static let most = 4096

    /// Reads `all`, `odd`, `even`, `2`, `1-4` or `3-`, each with a group in front or not, and several of them with commas; nil for
    /// anything else.
    public init?(_ text: String) {
        let sets = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard sets.allSatisfy(Self.isSet) else { return nil }
        self.sets = sets
        description = sets.joined(separator: ",")
    }

    private static func isSet(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let range = parts.last, parts.count <= 2, parts.count == 1 || number(parts[0]) != nil else { return false }
        if ["all", "odd", "even"].contains(range) { return true }
        let bounds = range.split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count <= 2, let first = number(bounds[0]) else { return false }
        guard bounds.count == 2, !bounds[1].isEmpty else { return true }
        return number(bounds[1]).map { $0 >= first } ?? false
    }

    private static func number(_ text: Substring) -> Int? {
        guard let number = String(text).wholeNumber, (1...most).contains(number) else { return nil }
        return number
    }

    /// The keywords of the `bind` line, with a blank in front. Each set has its own: HAProxy 2.6 reads no list.
    var keywords: Directive { Directive(raw: sets.map { " thread \($0)" }.joined()) }
}
