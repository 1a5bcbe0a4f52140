/// The handlers of a controller, and the keys they read.
public final class AnnotationRegistry: Sendable {
    /// The prefixes of annotation keys that mean the same; the first is the one we write. A key without a prefix means the same
    /// too, and yields to one that has it.
    public static let prefixes = ["haproxy.org/", "haproxy.com/", sharedPrefix]

    /// The prefix by which other controllers may read the same annotations.
    static let sharedPrefix = "ingress.kubernetes.io/"

    /// All handlers, by family and then by the first key.
    public let handlers: [any AnnotationHandler.Type]
    let routeHandlers: [any RouteAnnotation.Type]
    /// Those whose settings hold for TCP services too: they are about Services, not about requests or the way to them.
    let tcpServiceHandlers: [any RouteAnnotation.Type]
    let globalHandlers: [any GlobalAnnotation.Type]
    let selectionHandlers: [any IngressSelection.Type]
    /// All keys by name, older names too.
    public let keys: [String: KeyReference]
    private let fullNames: [String: String]
    /// The names of keys that nothing but handlers of the whole HAProxy read.
    private let globalNames: Set<String>

    /// - Throws: ``RegistryError`` when two handlers claim one key.
    public init(_ types: [any AnnotationHandler.Type]) throws {
        var owners: [String: any AnnotationHandler.Type] = [:]
        var keys: [String: KeyReference] = [:]
        var fullNames: [String: String] = [:]
        handlers = types.sorted { a, b in
            (a.reference.family, a.reference.keys.first?.name ?? "") < (b.reference.family, b.reference.keys.first?.name ?? "")
        }
        for handler in handlers {
            for key in handler.reference.keys {
                for name in key.allNames {
                    if let owner = owners[name] {
                        throw RegistryError(key: name, handlers: ["\(owner)", "\(handler)"])
                    }
                    owners[name] = handler
                    keys[name] = key
                    for prefix in [""] + Self.prefixes { fullNames[prefix + name] = name }
                }
                for fullName in key.fullNames { fullNames[fullName] = key.name }
            }
        }
        let routeHandlers = handlers.compactMap { $0 as? any RouteAnnotation.Type }
        self.routeHandlers =
            routeHandlers.filter { $0 is any RoutingAnnotation.Type }
            + routeHandlers.filter { !($0 is any RoutingAnnotation.Type) }
        tcpServiceHandlers = routeHandlers.filter { handler in
            !(handler is any RoutingAnnotation.Type) && handler.reference.keys.contains { $0.scopes.contains(.service) }
        }
        globalHandlers = handlers.compactMap { $0 as? any GlobalAnnotation.Type }
        selectionHandlers = handlers.compactMap { $0 as? any IngressSelection.Type }
        self.keys = keys
        self.fullNames = fullNames
        globalNames = Set(
            owners.filter {
                $1 is any GlobalAnnotation.Type && !($1 is any RouteAnnotation.Type || $1 is any IngressSelection.Type)
            }
            .keys)
    }

    /// Whether the handlers of routes may read a key.
    func isReadByRoutes(_ name: String) -> Bool { !globalNames.contains(name) }

    /// All keys once, in the order of the handlers.
    public var references: [KeyReference] { handlers.flatMap { $0.reference.keys } }

    /// The key that a written annotation name means; nil when no handler reads it.
    public func name(ofAnnotation written: String) -> String? { fullNames[written] }

    /// The name by which a key is known, whatever prefix, older name and letter case it is written with. A key that nobody knows
    /// keeps its text without our prefix.
    public func canonicalName(of written: String) -> String {
        if let name = fullNames[written] ?? fullNames[written.lowercased()] { return keys[name]?.name ?? name }
        let bare = Self.prefix(of: written).map { String(written.dropFirst($0.count)) } ?? written
        return (keys[bare] ?? keys[bare.lowercased()])?.name ?? bare
    }

    /// Whether an annotation name is under one of our prefixes, so that not knowing it is worth a word.
    public static func isOurs(_ written: String) -> Bool { prefix(of: written) != nil }

    /// The prefix of ours that an annotation name begins with, in any letter case: Kubernetes takes them all.
    static func prefix(of written: String) -> String? {
        if let prefix = prefixes.first(where: written.hasPrefix) { return prefix }
        let lower = written.lowercased()
        return lower == written ? nil : prefixes.first(where: lower.hasPrefix)
    }

    /// Whether an annotation name has no prefix at all, so that it may be meant for others.
    static func isBare(_ written: String) -> Bool { !written.utf8.contains(UInt8(ascii: "/")) }

    /// The known key that a misspelt one most resembles.
    public func nearestKey(to name: String) -> String? {
        let name = name.lowercased()
        let best = keys.keys.map { ($0.editDistance(to: name), $0) }.min { $0 < $1 }
        guard let best, best.0 <= max(2, name.count / 3) else { return nil }
        return best.1
    }
}

/// Two handlers claim one key.
public struct RegistryError: Error, CustomStringConvertible {
    public let key: String
    public let handlers: [String]

    public var description: String {
        "the annotation \(key) is claimed by \(handlers.joined(separator: " and by ")): remove it from one of their references"
    }
}

extension String {
    /// Insertions, deletions and substitutions of characters that lead from one string to the other.
    func editDistance(to other: String) -> Int {
        let a = Array(utf8)
        let b = Array(other.utf8)
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let above = row[j + 1]
                row[j + 1] = Swift.min(above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1))
                diagonal = above
            }
        }
        return row[b.count]
    }
}
