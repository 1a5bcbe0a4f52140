/// Everything that HAProxy should run: what the assembly makes of the objects, and what the difference with the running state
/// is computed from.
public struct DesiredState: Sendable, Equatable {
    /// haproxy.cfg, in order.
    public var sections: [Section] = []
    /// By name, without directory and extension.
    public var maps: [String: MapFile] = [:]
    /// Certificates, authorities and pattern files by path relative to the configuration directory.
    public var files: [String: ConfigurationFile] = [:]
    /// The certificates of the HTTPS frontend with the names each answers for.
    public var certificateList = CertificateList()

    /// Whether certificates that are in the directory and not among ``files`` stay there.
    public var keepsUnusedCertificates = false

    public init() {}

    /// All files below the configuration directory by relative path: haproxy.cfg, maps, certificates and lists.
    public func renderedFiles(withOrigins: Bool = false) -> [String: [UInt8]] {
        var rendered = files.mapValues(\.content)
        rendered["haproxy.cfg"] = Array(RenderedConfiguration(sections, withOrigins: withOrigins).text.utf8)
        rendered[CertificateList.path] = Array(certificateList.text.utf8)
        for (name, map) in maps { rendered[MapFile.path(name)] = Array(map.text.utf8) }
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

    /// One certificate a line with its names. The first certificate is the one for clients that name no known host; a name
    /// that nobody can ask for keeps its own names out of the choice.
    public var text: String {
        Self.line(Certificates.defaultPath, names: ["default.invalid"]) + "\n"
            + entries.keys.sorted().map { Self.line($0, names: entries[$0] ?? []) + "\n" }.joined()
    }

    /// A line of the list, as the file and the Runtime API's `add ssl crt-list` have it.
    public static func line(_ path: String, names: [String]) -> String { ([path] + names).joined(separator: " ") }
}

/// A way that requests take: which Ingress sends which host and path to which backend.
public struct Route: Hashable, Sendable {
    public enum Destination: Hashable, Sendable {
        /// The backend's name.
        case backend(String)
        /// 503, and why.
        case unavailable(String)
    }

    /// nil for the operator's own default backend.
    public let ingress: ObjectKey?
    /// As the Ingress writes it; empty for any host.
    public let host: String
    public let path: String
    /// nil for a default backend.
    public let pathType: PathType?
    public let service: ObjectKey
    public let port: PortReference?
    public let destination: Destination
    /// The id of the route's settings; empty when it has none.
    public let settings: String
    public let isPassthrough: Bool
    /// What requests have to match for this route; nil for the one that takes the rest.
    public let condition: RouteCondition?
    public let context: RouteContext
}
