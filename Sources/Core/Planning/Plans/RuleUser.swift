/// Who uses rules: an Ingress, and how old it is.
struct RuleUser: Hashable, Comparable {
    let created: String
    /// The Ingress; the Service of the operator's own default backend.
    let object: ObjectKey

    static func < (a: RuleUser, b: RuleUser) -> Bool {
        (a.created, a.object.namespace, a.object.name) < (b.created, b.object.namespace, b.object.name)
    }
}
