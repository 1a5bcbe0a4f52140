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
    public let examples: [AnnotationExample]

    public init(
        family: String, title: String, summary: String, keys: [KeyReference], isProtection: Bool = false,
        examples: [AnnotationExample]
    ) {
        self.family = family
        self.title = title
        self.summary = summary
        self.keys = keys
        self.isProtection = isProtection
        self.examples = examples
    }
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
