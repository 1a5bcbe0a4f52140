/// A map file: what the fixed frontend rules look up per request (configuration manual, section 7.3.1, converter `map`).
public struct MapFile: Hashable, Sendable {
    /// Name without directory and extension, such as `path-prefix`.
    public let name: String
    /// Key to value. Keys hold no white space; neither holds control characters.
    public var entries: [String: String]

    public init(name: String, entries: [String: String] = [:]) {
        self.name = name
        self.entries = entries
    }

    /// Where the file is, relative to the configuration directory; also how the Runtime API names it.
    public static func path(_ name: String) -> String { "maps/\(name).map" }

    /// Why no line of a map file can carry a key and its value, in words that complete "the value ..."; nil when one can.
    static func problem(key: String, value: String, _ limits: ReaderLimits) -> String? {
        guard !key.isEmpty, !value.isEmpty else { return "is empty" }
        guard Quoting.isRepresentable(value) else { return "holds control characters" }
        guard value.utf8.first != UInt8(ascii: " "), key.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }),
            key.utf8.first != UInt8(ascii: "#")
        else { return "holds characters that no map file can carry" }
        guard limits.takes(key: key, value: value) else {
            return "is longer than the \(limits.mapEntry) bytes that HAProxy reads of a map's line"
        }
        return nil
    }

    /// An entry's line.
    public static func line(_ key: String, _ value: String) -> String {
        var line = key
        line += " "
        line += value
        line += "\n"
        return line
    }
}
