/// A value in force and where it was written.
public struct Resolved<Value: Sendable>: Sendable {
    public let value: Value
    public let scope: Scope
    public let object: ObjectKey
    /// The key as it is written on the object, with its prefix.
    public let writtenKey: String
    public let raw: String

    public var origin: Origin { Origin(object: object, key: writtenKey) }

    /// An error that blames this value.
    public func error(_ message: String, expected: String? = nil, example: String? = nil) -> AnnotationError {
        AnnotationError(
            Finding(.error, object: object, key: writtenKey, value: raw, message, expected: expected, example: example))
    }
}

/// Why a setting cannot be what was asked; names the value that has to change.
public struct AnnotationError: Error, Hashable, Sendable {
    public let finding: Finding
    public init(_ finding: Finding) { self.finding = finding }

    /// The same error, with the object whose absence it is about.
    func about(missing object: ObjectKey?) -> AnnotationError {
        var finding = finding
        finding.missing = object
        return AnnotationError(finding)
    }
}

/// The annotations of one object that are known to the registry, with the name each was written under.
public struct AnnotationSet: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public let writtenKey: String
        public let raw: String
        /// Why the value is not even looked at; nil for nearly all.
        @Rare var refusal: String?

        init(writtenKey: String, raw: String, refusal: String? = nil) {
            self.writtenKey = writtenKey
            self.raw = raw
            self.refusal = refusal
        }

        public static func == (a: Entry, b: Entry) -> Bool {
            a.writtenKey == b.writtenKey && a.raw == b.raw && a.refusal == b.refusal
        }

        public func hash(into hasher: inout Hasher) {
            hasher.combine(writtenKey)
            hasher.combine(raw)
        }
    }

    public let object: ObjectKey
    public let entries: [String: Entry]

    public init(object: ObjectKey, entries: [String: Entry]) {
        self.object = object
        self.entries = entries
    }
}

/// What a handler's keys say at one place, scopes resolved.
///
/// A value that does not parse is recorded as a finding and treated as absent, so that the next scope's value is in force -
/// except where the handler's reference says otherwise (``AnnotationReference/unreadable``): reading it throws there, which closes
/// the route or leaves the handler out.
public final class AnnotationValues {
    /// The route the values are for; nil when a handler is resolved for the whole HAProxy or for an Ingress as such.
    public var route: RouteContext? {
        dependsOnRoute = true
        return context
    }
    /// Whether the values are for a route, whichever it is.
    public var areForRoute: Bool { context != nil }
    public let environment: AnnotationEnvironment
    /// The nearest scope first.
    let sets: [(scope: Scope, set: AnnotationSet)]
    private let unreadable: UnreadableValue
    private let refusals: Refusals
    private(set) var findings: [Finding] = []
    private(set) var read: [(key: String, resolved: Resolved<String>)] = []
    private let context: RouteContext?
    /// Whether the handler asked for more than keys.
    private(set) var dependsOnRoute = false
    /// The names of each key that was looked for.
    private(set) var asked: [[String]] = []

    init(
        sets: [(scope: Scope, set: AnnotationSet)], route: RouteContext?, environment: AnnotationEnvironment,
        unreadable: UnreadableValue, refusals: Refusals
    ) {
        self.sets = sets
        context = route
        self.environment = environment
        self.unreadable = unreadable
        self.refusals = refusals
    }

    /// The value in force, or nil when none of the key's scopes has one.
    public subscript<Value>(key: AnnotationKey<Value>) -> Value? {
        get throws { try resolved(key)?.value }
    }

    /// The value in force with its source.
    public func resolved<Value>(_ key: AnnotationKey<Value>) throws -> Resolved<Value>? {
        var value: Value?
        guard let text = try resolved(key.reference, parse: { value = try key.type.parse($0) }), let value else { return nil }
        return Resolved(value: value, scope: text.scope, object: text.object, writtenKey: text.writtenKey, raw: text.raw)
    }

    /// The value in force with its source, where a value that cannot be read counts as another one: the one that lets the least
    /// through, whatever the next scope says.
    public func resolved<Value>(_ key: AnnotationKey<Value>, unreadableAs narrowest: Value) throws -> Resolved<Value>? {
        var value: Value?
        let text = try resolved(key.reference, stopsAtUnreadable: true, parse: { value = try key.type.parse($0) })
        guard let text else { return nil }
        return Resolved(
            value: value ?? narrowest, scope: text.scope, object: text.object, writtenKey: text.writtenKey, raw: text.raw)
    }

    /// The text of the value in force that `parse` takes. Most keys that are asked for are not there, whatever their type.
    private func resolved(
        _ key: KeyReference, stopsAtUnreadable: Bool = false, parse: (String) throws -> Void
    ) throws -> Resolved<String>? {
        noteAsking(for: key)
        for (scope, set) in sets where key.scopes.contains(scope) {
            for name in key.allNames {
                guard let entry = set.entries[name] else { continue }
                let finding: Finding
                if let refusal = entry.refusal {
                    finding = Finding(
                        .error, object: set.object, key: entry.writtenKey, value: String(entry.raw.prefix(40)), refusal)
                } else if let refusal = refusals.refusal(of: set.object, key: entry.writtenKey, value: entry.raw) {
                    finding = Finding(
                        .error, object: set.object, key: entry.writtenKey, value: entry.raw,
                        "is refused by HAProxy: \(refusal)")
                } else {
                    do {
                        try parse(entry.raw.trimmingWhitespace)
                        let text = Resolved(
                            value: entry.raw, scope: scope, object: set.object, writtenKey: entry.writtenKey, raw: entry.raw)
                        read.append((key.name, text))
                        return text
                    } catch {
                        finding = Finding(
                            .error, object: set.object, key: entry.writtenKey, value: entry.raw,
                            (error as? ValueError)?.message ?? "\(error)", expected: key.expected, example: key.example)
                    }
                }
                if unreadable != .countsAsAbsent { throw AnnotationError(finding) }
                findings.append(finding)
                if stopsAtUnreadable {
                    return Resolved(
                        value: entry.raw, scope: scope, object: set.object, writtenKey: entry.writtenKey, raw: entry.raw)
                }
                break
            }
        }
        return nil
    }

    /// Whoever reads values tells which, so that ``IdleHandlers`` knows when there is nothing to read.
    func noteAsking(for key: KeyReference) { asked.append(key.allNames) }

    /// Whether this was all about keys that nobody wrote.
    var foundNothing: Bool { read.isEmpty && findings.isEmpty && !dependsOnRoute && !isAnyWritten }

    private var isAnyWritten: Bool {
        asked.contains { names in sets.contains { _, set in names.contains { set.entries[$0] != nil } } }
    }

    /// Records that a value cannot be read where that changes nothing: a protection that is not in use closes nothing.
    public func note(_ error: AnnotationError) { findings.append(error.finding) }

    /// Tells the owner of a value about something that is odd but not wrong.
    public func warn<Value>(_ about: Resolved<Value>, _ message: String) {
        findings.append(Finding(.warning, object: about.object, key: about.writtenKey, value: about.raw, message))
    }
}

/// What handlers may know of the machine and HAProxy they configure.
public struct AnnotationEnvironment: Hashable, Sendable {
    public var capabilities: Capabilities
    /// Processors that HAProxy can use.
    public var processors: Int
    /// How many controllers serve the same Ingresses side by side, this one included.
    public var controllerReplicas: Int
    /// `tune.bufsize` as the operator's own lines set it, in bytes; nil where they do not.
    var configuredBufferSize: Int?
    /// `tune.bufsize` in force, in bytes: the size that all limits of HAProxy's readers follow from.
    public var bufferSize: Int { configuredBufferSize ?? capabilities.bufferSize }
    /// The longest texts that HAProxy reads as they are meant.
    public var readerLimits: ReaderLimits { ReaderLimits(bufferSize: bufferSize) }
    /// Config snippets that the operator does not want to have any effect.
    public var disabledSnippets: Set<SnippetKind>
    /// How much one object may take of what all share.
    public var limits = ResourceLimits()
    /// Whether the configuration may hold directives that HAProxy calls experimental (`expose-experimental-directives`).
    public var allowsExperimentalDirectives = false

    public init(capabilities: Capabilities, processors: Int, controllerReplicas: Int = 1, disabledSnippets: Set<SnippetKind> = [])
    {
        self.capabilities = capabilities
        self.processors = processors
        self.controllerReplicas = controllerReplicas
        self.disabledSnippets = disabledSnippets
    }
}

/// The route that a setting is resolved for.
public struct RouteContext: Hashable, Sendable {
    /// The Ingress; nil for the operator's own default backend and for TCP services.
    public var ingress: ObjectKey?
    public var service: ObjectKey
    /// Whether `spec.tls` of the Ingress covers the route's host.
    public var hostHasTLS: Bool
    /// The DNS name that a Service of type ExternalName stands for; nil for all others, whose pods are reached by address.
    public var externalName: String?
    /// Whether connections come to the Service by a port of its own: an entry of `--configmap-tcp-services`.
    public var isTCPService: Bool
    /// Whether the port's `appProtocol` is `kubernetes.io/h2c`: the pods speak HTTP/2 in the clear, which they do not negotiate
    /// (Kubernetes documentation, "Service", section "Application protocol").
    public var podsSpeakHTTP2: Bool

    public init(
        ingress: ObjectKey?, service: ObjectKey, hostHasTLS: Bool, externalName: String? = nil, isTCPService: Bool = false,
        podsSpeakHTTP2: Bool = false
    ) {
        self.ingress = ingress
        self.service = service
        self.hostHasTLS = hostHasTLS
        self.externalName = externalName
        self.isTCPService = isTCPService
        self.podsSpeakHTTP2 = podsSpeakHTTP2
    }
}

extension String {
    var trimmingWhitespace: String {
        // Nearly all texts have none at their ends, which their bytes tell sooner than their characters.
        guard let first = utf8.first, let last = utf8.last, !(0x21...0x7e).contains(first) || !(0x21...0x7e).contains(last) else {
            return self
        }
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
