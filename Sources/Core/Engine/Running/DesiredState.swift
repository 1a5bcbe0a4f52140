/// Everything that HAProxy should run: what the assembly makes of the objects, and what the difference with the running state
/// is computed from.
public struct DesiredState: Sendable, Equatable {
    /// The sections that there are however many Ingresses there are, in order: global, defaults, resolvers, frontends and the
    /// controller's own backends.
    public var frame: [Section] = []
    /// By name.
    public var userLists: [String: Section] = [:]
    /// The backends of Services, and the tables that rules count in, by name.
    public var backends: [String: Section] = [:]
    /// What no object asks for yet: see ``BackendReserve``.
    public var reserve: [Section] = []
    /// The settings that HAProxy is loaded with as lines of backends, by the backend's name: see
    /// ``renderedFiles(inlining:except:withOrigins:)``.
    public var inlined: [String: String] = [:]
    /// How they are written.
    var rules = InlinedSettings.none
    /// By name, without directory and extension.
    public var maps: [String: MapFile] = [:]
    /// Certificates, authorities and pattern files by path relative to the configuration directory.
    public var files: [String: ConfigurationFile] = [:]
    /// The certificates of the HTTPS frontend with the names each answers for.
    public var certificateList = CertificateList()

    /// Whether certificates that are in the directory and not among ``files`` stay there.
    public var keepsUnusedCertificates = false
    public var metricsAccess = MetricsAccess.everybody
    /// `tune.bufsize` of a HAProxy that has loaded this, in bytes.
    public var bufferSize = Capabilities().bufferSize

    public init() {}

    /// haproxy.cfg, in order, without the settings that are written into backends.
    public var sections: [Section] {
        get {
            sectionsBeforeBackends + backends.keys.sorted().compactMap { backends[$0] } + reserve
        }
        set {
            (frame, userLists, backends) = ([], [:], [:])
            for section in newValue {
                if section.header.hasPrefix("userlist ") {
                    userLists[section.name] = section
                } else if section.isBackend, !section.name.hasPrefix("ingress-") {
                    backends[section.name] = section
                } else {
                    frame.append(section)
                }
            }
        }
    }

    /// haproxy.cfg, in order, as HAProxy loads it.
    public var loadedSections: [Section] {
        sectionsBeforeBackends + backends.keys.sorted().compactMap(loadedBackend) + reserve
    }

    /// The sections of haproxy.cfg that come before ``backends``; after these comes ``reserve``.
    public var sectionsBeforeBackends: [Section] {
        let start = frame.firstIndex { !Self.isPreamble($0) } ?? frame.count
        return frame[..<start] + userLists.keys.sorted().compactMap { userLists[$0] } + frame[start...]
    }

    private static func isPreamble(_ section: Section) -> Bool {
        !section.header.hasPrefix("frontend ") && !section.isBackend
    }

    /// The section with a header.
    public func section(_ header: String) -> Section? {
        if header.hasPrefix("backend "), let section = backends[String(header.dropFirst(8))] { return section }
        if header.hasPrefix("userlist ") { return userLists[String(header.dropFirst(9))] }
        return frame.first { $0.header == header }
    }

    /// All files below the configuration directory by relative path: haproxy.cfg, maps, certificates and lists.
    public func renderedFiles(withOrigins: Bool = false) -> [String: [UInt8]] {
        files(with: RenderedConfiguration(loadedSections, withOrigins: withOrigins, isTextOnly: true))
    }

    func files(with configuration: RenderedConfiguration) -> [String: [UInt8]] {
        var rendered = files.mapValues(\.content)
        rendered["haproxy.cfg"] = Array(configuration.text.utf8)
        rendered[CertificateList.path] = Array(certificateList.text.utf8)
        let names = RunningNames(inlined: inlined)
        for (name, map) in maps { rendered[MapFile.path(name)] = Array(map.text(names).utf8) }
        return rendered
    }
}

/// The `crt-list` of the HTTPS bind (configuration manual, section 5.1 "crt-list"): which certificate answers for which SNI.
public struct CertificateList: Hashable, Sendable {
    /// Where the list is, relative to the configuration directory; also how the Runtime API names it.
    public static let path = "certs/frontend.list"

    /// Certificate file to the names it answers for, sorted.
    public var entries: [String: [String]] = [:]

    public init() {}

    /// The line of the certificate that is always there.
    public static let opening = text(CertificateTable.defaultPath, names: ["default.invalid"])

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
