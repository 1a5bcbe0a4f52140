extension OwnedRules {
    /// What the rules' lines are marked with in the running configuration.
    var feature: String { "\(family)/\(rules.phase)/\(rules.id)" }

    /// A line of the rules. Those that several families use are the controller's own.
    func line(_ directive: Directive) -> Section.Line {
        guard authors.isEmpty else {
            return .init(directive, parts: authors.map { Traced(directive, origin: $0) }, feature: feature)
        }
        return .init(directive, origin: family.isEmpty ? .controller : Origin(key: family), feature: feature)
    }
}
