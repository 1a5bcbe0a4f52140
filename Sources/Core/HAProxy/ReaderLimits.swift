/// The longest texts that HAProxy's readers take as they are meant. A longer one is cut, split or refused by the reader, so it is refused
/// to its owner before HAProxy sees it.
///
/// Sizes are bytes of UTF-8.
public struct ReaderLimits: Hashable, Sendable {
    /// Words of one line of haproxy.cfg, the keyword included (`MAX_LINE_ARGS`; the parser says "too many words" beyond it). The line
    /// itself may have any length.
    public static let words = 64

    /// The longest name of a file, in bytes, without its directory (NAME_MAX of Linux).
    public static let fileName = 255

    /// The key and the value of an entry of a map or a list.
    ///
    /// A reader of such a file takes lines of up to `tune.bufsize` (configuration manual, section 3.2) and takes the rest of a longer one
    /// for a line of its own. At run time the same buffer holds the whole command, in which each byte of the entry may need an
    /// escape.
    public let mapEntry: Int

    /// A line of a `crt-list`. Its file's reader takes 64 kB and 2,048 words (`CRT_LINESIZE`, `MAX_CRT_ARGS`), the Runtime API what
    /// fits `tune.bufsize` with the command. A certificate with more names has several lines.
    public static let certificateListLine = 4000

    /// A payload of the Runtime API, such as a certificate.
    public let payload: Int

    /// A command of the Runtime API with its payload. HAProxy 2.6 may crash when one fills its buffer (`tune.bufsize`).
    public let command: Int

    /// - Parameter bufferSize: `tune.bufsize` of the HAProxy that reads; see ``AnnotationEnvironment/bufferSize``.
    public init(bufferSize: Int) {
        mapEntry = max(bufferSize / 2 - 1024, min(256, bufferSize / 4))
        payload = max(bufferSize - 1024 - 512, bufferSize / 4)
        command = max(bufferSize - 1024, bufferSize / 2)
    }

    /// Whether an entry's line is read as one.
    func takes(key: String, value: String) -> Bool { key.utf8.count + value.utf8.count <= mapEntry }

    /// Whether a line of haproxy.cfg has as many words as HAProxy takes, or fewer.
    static func takes(line: String) -> Bool {
        // A word has a byte, and another one before the next.
        guard line.utf8.count >= 2 * words else { return true }
        return Quoting.wordCount(of: line) <= words
    }

    /// A name for a file that tells the parts apart and is no longer than file systems take: a long one ends in a hash of the whole.
    public static func fileName(_ parts: [String], suffix: String = "") -> String {
        let name = parts.joined(separator: "_")
        guard name.utf8.count + suffix.utf8.count > fileName else { return name + suffix }
        let hash = StableID.make(parts)
        return String(decoding: Array(name.utf8.prefix(fileName - suffix.utf8.count - hash.utf8.count - 1)), as: UTF8.self)
            + "~\(hash)\(suffix)"
    }
}
