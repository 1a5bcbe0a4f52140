/// The `crt-list` of the HTTPS bind (configuration manual, section 5.1 "crt-list"): which certificate answers for which SNI.
public struct CertificateList: Hashable, Sendable {
    /// Where the list is, relative to the configuration directory; also how the Runtime API names it.
    public static let path = "certs/frontend.list"

    /// Where the certificate for clients that name no known host is, relative to the configuration directory.
    public static let defaultCertificate = "certs/default.pem"

    /// Certificate file to the names it answers for, sorted.
    public var entries: [String: [String]] = [:]

    public init() {}

    /// The line of the certificate that is always there.
    public static let opening = text(CertificateList.defaultCertificate, names: ["default.invalid"])

    /// Each certificate with its names. The first certificate is the one for clients that name no known host; a name
    /// that nobody can ask for keeps its own names out of the choice.
    public var text: String {
        Self.opening + entries.keys.sorted().map { Self.text($0, names: entries[$0] ?? []) }.joined()
    }

    /// The lines of a certificate, each ended by a newline.
    static func text(_ path: String, names: [String]) -> String { lines(path, names: names).map { $0 + "\n" }.joined() }

    /// The lines of a certificate, as the file and the Runtime API's `add ssl crt-list` have them: one, or several where there are more
    /// names than a line takes.
    ///
    /// HAProxy takes a host out of a wildcard where both are on one line. So the exclusions and the wildcards that they are from stay
    /// together.
    public static func lines(_ path: String, names: [String]) -> [String] {
        let length = names.reduce(path.utf8.count) { $0 + 1 + $1.utf8.count }
        guard length > ReaderLimits.certificateListLine else { return [([path] + names).joined(separator: " ")] }
        var exclusions: [String: [String]] = [:]
        for name in names where name.hasPrefix("!") {
            exclusions["*" + name.drop { $0 != "." }, default: []].append(name)
        }
        var lines: [String] = []
        var line = path
        for name in names where !name.hasPrefix("!") {
            let words = (exclusions[name] ?? []) + [name]
            let room = words.reduce(0) { $0 + 1 + $1.utf8.count }
            if line.utf8.count + room > ReaderLimits.certificateListLine, line.utf8.count > path.utf8.count {
                lines.append(line)
                line = path
            }
            line += words.map { " " + $0 }.joined()
        }
        return lines + [line]
    }
}
