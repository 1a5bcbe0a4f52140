/// Everything that HAProxy should run: what the assembly makes of the objects, and what the difference with the running state
/// is computed from.
public struct DesiredState: Sendable, Equatable {
    /// The sections that there are however many Ingresses there are, in order: global, defaults, resolvers, frontends and the
    /// controller's own backends.
    public var staticSections: [Section] = []
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
            (staticSections, userLists, backends) = ([], [:], [:])
            for section in newValue {
                if section.header.hasPrefix("userlist ") {
                    userLists[section.name] = section
                } else if section.isBackend, !section.name.hasPrefix("ingress-") {
                    backends[section.name] = section
                } else {
                    staticSections.append(section)
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
        let start = staticSections.firstIndex { !Self.isPreamble($0) } ?? staticSections.count
        return staticSections[..<start] + userLists.keys.sorted().compactMap { userLists[$0] } + staticSections[start...]
    }

    private static func isPreamble(_ section: Section) -> Bool {
        !section.header.hasPrefix("frontend ") && !section.isBackend
    }

    /// The section with a header.
    public func section(_ header: String) -> Section? {
        if header.hasPrefix("backend "), let section = backends[String(header.dropFirst(8))] { return section }
        if header.hasPrefix("userlist ") { return userLists[String(header.dropFirst(9))] }
        return staticSections.first { $0.header == header }
    }
}
