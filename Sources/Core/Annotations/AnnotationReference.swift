/// What a handler is: the keys it reads and what people are told about them.
public struct AnnotationReference: Sendable {
    /// The family that the handler belongs to: its page in the reference, such as `rate-limit`.
    public let family: String
    /// The heading of the handler's part of that page.
    public let title: String
    /// What it does, in one or more paragraphs of Markdown.
    public let summary: String
    public let keys: [KeyReference]
    /// Whether the handler protects something. A protection that cannot be built closes what it protects (503), a route or whole
    /// frontends, instead of leaving it open.
    public let isProtection: Bool
    /// What a value leads to that is there and cannot be read, or that HAProxy refuses.
    public let unreadable: UnreadableValue
    public let examples: [AnnotationExample]

    public init(
        family: String, title: String, summary: String, keys: [KeyReference], isProtection: Bool = false,
        unreadable: UnreadableValue? = nil, examples: [AnnotationExample]
    ) {
        self.family = family
        self.title = title
        self.summary = summary
        self.keys = keys
        self.isProtection = isProtection
        self.unreadable = unreadable ?? (isProtection ? .closes : .countsAsAbsent)
        self.examples = examples
    }
}

/// What a value leads to that cannot be read. It never lets more through than any value that could have been meant.
public enum UnreadableValue: Sendable {
    /// The next scope's value is in force, or the default: for settings that keep nobody out.
    case countsAsAbsent
    /// The handler's feature is not in use, whatever other scopes say: for settings that let somebody in, such as CORS.
    case switchesOff
    /// What the handler acts on answers 503: for protections, and for what other handlers' protections rest on.
    case closes
}

/// A complete manifest that shows a handler at work. Tests lint it and render it, and HAProxy accepts the result.
public struct AnnotationExample: Sendable {
    public let title: String
    public let manifest: String
    /// The lines of haproxy.cfg and the map entries that the manifest leads to, as a reader would look for them.
    public let leadsTo: [String]
    /// What HAProxy has to be able to do for that; those of release 2.6 unless the example is about something else.
    public let capabilities: Capabilities

    public init(_ title: String, manifest: String, leadsTo: [String] = [], capabilities: Capabilities = Capabilities()) {
        self.title = title
        self.manifest = manifest
        self.leadsTo = leadsTo
        self.capabilities = capabilities
    }
}
