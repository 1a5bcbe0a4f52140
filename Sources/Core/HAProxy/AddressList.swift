/// Networks that a rule compares the client's address with, held in one map for all routes so that a changed list is a map
/// update and never a reload.
///
/// HAProxy can only match addresses against a file named in the rule. A per-route list therefore becomes entries of
/// `addresses.map`: the list's id, the address family and the network's leading bits in hexadecimal. The longest-prefix lookup
/// `map_beg` then answers in one step whether an address is in the list; networks that end inside a hexadecimal digit become
/// up to eight entries. The entry's value is the network as it was written, for whoever reads the file.
public struct AddressList: Hashable, Sendable {
    public let networks: [IPNetwork]
    public let id: String

    public init(_ networks: [IPNetwork]) {
        self.networks = networks
        id = StableID.make(networks.map(\.description))
    }

    /// Keys and values for `addresses.map`.
    public var entries: [(key: String, value: String)] {
        networks.flatMap { network in
            network.hexPrefixes.map { ("\(id):\($0)", network.description) }
        }
    }

    /// The networks of a pattern file: one a line, `#` begins a comment.
    ///
    /// - Throws: ``ValueError`` for a line that is neither.
    static func networks(inPatternFile text: String) throws -> [IPNetwork] {
        try text.split(whereSeparator: \.isNewline).compactMap { line in
            let word = String(line.prefix { $0 != "#" }).trimmingWhitespace
            guard !word.isEmpty else { return nil }
            guard let network = IPNetwork(word) else { throw ValueError("holds \(word.quotedForPeople), which is not a network") }
            return network
        }
    }
}
