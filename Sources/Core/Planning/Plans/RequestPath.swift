/// How requests spell the path of an Ingress.
///
/// `path` of a request has what the client sent. Characters that no URI has as such (RFC 3986, section 3.3) arrive percent-encoded,
/// from some clients with small digits; HAProxy refuses requests with `#` or bytes beyond ASCII in their path.
enum RequestPath {
    /// The path as it is written, and where characters of it are encoded on the way, as it arrives then.
    static func spellings(of path: String) -> [String] {
        guard let first = path.utf8.firstIndex(where: { isEncoded($0) || $0 == percent }) else { return [path] }
        let rest = Array(path.utf8[first...])
        var (upper, lower) = (String(path[..<first]), String(path[..<first]))
        for (index, byte) in rest.enumerated() {
            if isEncoded(byte) || byte == percent && !isEscape(rest[index...]) {
                upper += escape(byte, uppercase: true)
                lower += escape(byte, uppercase: false)
            } else {
                // The bytes beyond ASCII are all encoded.
                let scalar = Character(Unicode.Scalar(byte))
                upper.append(scalar)
                lower.append(scalar)
            }
        }
        return [upper, lower].reduce(into: [path]) { if !$0.contains($1) { $0.append($1) } }
    }

    private static let percent = UInt8(ascii: "%")

    private static func isEncoded(_ byte: UInt8) -> Bool { byte >= 0x7f || byte <= 0x20 || "\"#<>?\\^`{|}".utf8.contains(byte) }

    private static func isEscape(_ bytes: ArraySlice<UInt8>) -> Bool {
        let digits = bytes.dropFirst().prefix(2)
        return digits.count == 2 && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    }

    private static func escape(_ byte: UInt8, uppercase: Bool) -> String {
        let digits = String(byte, radix: 16, uppercase: uppercase)
        return digits.count == 1 ? "%0\(digits)" : "%\(digits)"
    }
}
