extension Resolved {
    /// Refuses a value beyond a limit. The operator's own, in the ConfigMap, has none.
    ///
    /// - Parameter what: what there is `count` of, such as "headers".
    /// - Throws: ``AnnotationError`` that names the limit and the flag that raises it.
    public func require(
        _ count: Int, _ what: String, within name: ResourceLimits.Name, of limits: ResourceLimits
    ) throws(AnnotationError) {
        guard scope > .configMap, count > limits[name] else { return }
        throw error(
            "has \(count) \(what); \(limits.description(of: name))", expected: "at most \(limits[name]) \(what)")
    }
}
