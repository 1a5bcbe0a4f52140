/// How much of a processor's time the tenants' expressions may take for one request, all that it meets together.
///
/// Each line that holds an expression knows what that costs at most (``Directive/cost``), because lines get expressions by
/// interpolation only. What the handlers of a route contribute is added up as it comes (``BackendSettings/costs``), and a setting
/// that no longer fits is refused to its owner; so are conditions of younger Services at a path. Half of the time is for conditions,
/// since requests meet those of all Services at their path, and half for the settings of the route that takes the request.
///
/// Costs are counted in steps of about a nanosecond, for texts as long as HAProxy's buffers. The operator's own expressions, in the
/// ConfigMap, are not counted.
public struct ExpressionBudget: Hashable, Sendable {
    /// The steps of all expressions that a request meets.
    let steps: Double
    /// The longest text that HAProxy hands over.
    let longestText: Int

    /// - Parameter milliseconds: how long all expressions take together.
    init(milliseconds: Int, longestText: Int) {
        steps = Double(milliseconds) * 1_000_000
        self.longestText = longestText
    }

    /// The steps of the conditions at one path.
    var conditions: Double { steps / 2 }
    /// The steps of the settings of one route.
    var settings: Double { steps / 2 }
    /// The steps of `path-rewrite`, a part of ``settings`` that leaves room for others: it keeps within them by refusing long paths.
    public var rewrites: Double { steps / 4 }

    func steps(_ cost: Growth) -> Double { cost.value(at: longestText) }

    /// A cost as people read it.
    static func words(_ steps: Double) -> String {
        guard steps < 1e9 else { return steps < 1e12 ? "\(Int(steps / 1e9)) s" : "more than 1000 s" }
        return "\(Double(Int((steps / 1e5).rounded(.up))) / 10) ms"
    }
}

extension AnnotationEnvironment {
    /// The time that expressions may take for a request.
    public var expressionBudget: ExpressionBudget {
        ExpressionBudget(milliseconds: limits[.expressionTime], longestText: bufferSize)
    }
}

extension ExpressionBudget {
    /// Refuses what does not fit beside what was there before.
    ///
    /// - Parameters:
    ///   - costs: of all settings of the route, those in question last.
    ///   - count: how many of them were there before.
    ///   - limits: which the finding names.
    /// - Throws: ``AnnotationError`` that blames the first setting that is too much.
    func require(_ costs: [Traced<Growth>], after count: Int, limits: ResourceLimits) throws(AnnotationError) {
        let before = costs.prefix(count).reduce(0) { $0 + steps($1.value) }
        var own: [Origin: Double] = [:]
        var sum = before
        for cost in costs.dropFirst(count) {
            sum += steps(cost.value)
            own[cost.origin, default: 0] += steps(cost.value)
        }
        guard sum > settings, let worst = own.max(by: { ($0.value, $0.key.description) < ($1.value, $1.key.description) })
        else { return }
        let others = before > 0 ? ", and the route's other settings up to \(Self.words(before))" : ""
        throw AnnotationError(
            Finding(
                .error, object: worst.key.object, key: worst.key.key,
                "holds expressions that can cost a request up to \(Self.words(sum - before))\(others), where all of a route may cost "
                    + "\(Self.words(settings)); \(limits.description(of: .expressionTime))",
                expected: "fewer expressions, or cheaper ones"))
    }

    /// Refuses a condition that is too much by itself.
    ///
    /// - Throws: ``AnnotationError`` that blames it.
    func require(_ condition: RouteCondition, limits: ResourceLimits) throws(AnnotationError) {
        let steps = steps(condition.cost)
        guard steps > conditions else { return }
        throw AnnotationError(
            Finding(
                .error, object: condition.origin.object, key: condition.origin.key, value: condition.text,
                "can cost a request up to \(Self.words(steps)), where all conditions at a path may cost "
                    + "\(Self.words(conditions)); \(limits.description(of: .expressionTime))",
                expected: "fewer values, or a fetch of one value, such as req.hdr(x,-1) in place of req.hdr(x)"))
    }
}
