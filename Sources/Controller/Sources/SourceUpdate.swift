import Core

/// What a source of objects has to say: everything at first, then what has changed.
public struct SourceUpdate: Sendable {
    /// Whether this is the source's whole state.
    public var isInitial: Bool
    /// New objects and new versions of objects.
    public var changed: [KubernetesObject]
    public var deleted: [ObjectKey]
    /// Everything that is wrong with the source's objects at this time, not only what is new.
    public var findings: [Finding]
    /// What the source holds at this time and the controller does not read, such as `apps/v1 Deployment web`.
    public var skipped: [String]

    public init(
        isInitial: Bool, changed: [KubernetesObject] = [], deleted: [ObjectKey] = [], findings: [Finding] = [],
        skipped: [String] = []
    ) {
        self.isInitial = isInitial
        self.changed = changed
        self.deleted = deleted
        self.findings = findings
        self.skipped = skipped
    }
}
