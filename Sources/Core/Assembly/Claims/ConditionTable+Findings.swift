extension ConditionTable.Excess {
    /// What the owner of a route without room has to know.
    func finding(about claim: RouteClaim, _ environment: AnnotationEnvironment) -> Finding? {
        guard let condition = claim.condition else { return nil }
        let (limits, budget) = (environment.limits, environment.expressionBudget)
        let whereabouts = "\(place.host.isEmpty ? "any host" : "host \(place.host)"), path \(place.path)"
        let problem =
            switch limit {
            case .expressionTime:
                """
                can cost a request up to \(ExpressionBudget.words(budget.steps(condition.cost))), for which older conditions leave \
                no room: all for \(whereabouts), may cost \(ExpressionBudget.words(budget.conditions))
                """
            default: "is one of too many conditions for \(whereabouts)"
            }
        return Finding(
            .error, object: condition.origin.object, key: condition.origin.key, value: condition.text,
            "\(problem), so the Service gets no requests there; \(limits.description(of: limit))")
    }
}
