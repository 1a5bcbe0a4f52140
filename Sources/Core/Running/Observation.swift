/// What a running HAProxy says that it has, as far as the controller made it so.
public enum Observation: Sendable {
    /// All backends, and whether each takes requests: HAProxy that creates backends has some that do not.
    case backends([String: Bool])
    /// All servers, by the name under which HAProxy has the backend.
    case servers([String: [ObservedServer]])
    /// The lines of a map, each a key, a blank and a value.
    case map(name: String, lines: [String])
    /// The lines of ``CertificateList``: certificates and the names that they answer for.
    case certificateList([(path: String, names: [String])])
    /// Some certificates, authorities and lists of revoked certificates, by path.
    case files([String: ObservedFile])
    case settings([RuntimeSetting])
}

/// A certificate, authority or list of revoked certificates as a running HAProxy has it.
public enum ObservedFile: Hashable, Sendable {
    /// HAProxy does not have the file.
    case missing
    /// HAProxy has the file and does not say enough to compare it: 2.6 prints no fingerprint of an Ed25519 certificate.
    case unknown
    /// The SHA-1 fingerprints in upper-case hexadecimal, as HAProxy gives them; of lists of revoked certificates
    /// ``RevocationLists/summaries(inAnswer:)``.
    case known([String])

    /// nil when nothing is known.
    var fingerprints: [String]? {
        switch self {
        case .missing: []
        case .unknown: nil
        case .known(let fingerprints): fingerprints
        }
    }
}

/// A server as a running HAProxy has it.
public struct ObservedServer: Hashable, Sendable {
    public var name: String
    /// Without a port; nil while a name is not resolved.
    public var address: String?
    public var port: Int
    public var weight: Int
    /// Whether it was sent to maintenance, by a command or its line.
    public var isInMaintenance: Bool
    /// Whether it was sent draining by a command.
    public var isDraining: Bool
    /// Whether its checks were switched off by a command.
    public var hasPausedChecks: Bool
    /// Whether its address comes from DNS.
    public var followsName: Bool
    /// Whether an agent on its machine decides about weight and state.
    public var followsAgent: Bool

    public init(
        name: String, address: String?, port: Int, weight: Int = 1, isInMaintenance: Bool = false, isDraining: Bool = false,
        hasPausedChecks: Bool = false, followsName: Bool = false, followsAgent: Bool = false
    ) {
        self.name = name
        self.address = address
        self.port = port
        self.weight = weight
        self.isInMaintenance = isInMaintenance
        self.isDraining = isDraining
        self.hasPausedChecks = hasPausedChecks
        self.followsName = followsName
        self.followsAgent = followsAgent
    }

    /// How it differs from what it should be; nil when it does not.
    func difference(from server: Server) -> String? {
        if !followsName, let address, !server.hasAddress(address) || port != server.port {
            return "leads to \(address):\(port)"
        }
        if isInMaintenance, !followsAgent { return "is in maintenance" }
        if isDraining, !followsAgent { return "is draining" }
        if weight != server.weight, !followsAgent { return "has the weight \(weight)" }
        return hasPausedChecks ? "is not checked" : nil
    }
}

extension Server {
    fileprivate func hasAddress(_ other: String) -> Bool {
        if address == other { return true }
        // IPv6 addresses have several spellings.
        guard let mine = IPNetwork(address), let theirs = IPNetwork(other) else { return false }
        return mine == theirs
    }
}

/// Where a running HAProxy is not what the controller made of it.
public struct Drift: Sendable {
    /// Each difference, for people.
    public internal(set) var differences: [String] = []
    /// Differences that were found and are left as they are.
    public private(set) var left: Set<String> = []
    private let tolerated: Set<String>
    /// What mends it, as far as the difference between states does not show it.
    public internal(set) var updates: [RuntimeUpdate] = []
    /// Where the running state is not what it was taken for.
    public internal(set) var parts = ChangedParts()

    public init(tolerated: Set<String> = []) { self.tolerated = tolerated }

    public var isEmpty: Bool { differences.isEmpty }

    /// Notes a difference.
    ///
    /// - Returns: whether it is to be mended.
    mutating func finds(_ difference: String) -> Bool {
        guard !tolerated.contains(difference) else {
            left.insert(difference)
            return false
        }
        differences.append(difference)
        return true
    }

    public mutating func formUnion(_ other: Drift) {
        differences += other.differences
        updates += other.updates
        parts.formUnion(other.parts)
    }
}
