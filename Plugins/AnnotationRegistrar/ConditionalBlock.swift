/// Where the scanner stands in `#if` ... `#elseif` ... `#else` ... `#endif`.
struct ConditionalBlock {
    /// Whether this branch is compiled; nil when build settings decide.
    private(set) var isActive: Bool?
    private var wasTaken: Bool?
    /// The condition as people would look for it.
    private(set) var condition: String

    init(condition: String) {
        isActive = Self.value(of: condition)
        wasTaken = isActive
        self.condition = "#if \(condition)"
    }

    /// Goes on to the next branch; `#else` has no condition.
    mutating func next(condition: String?) {
        let own = condition.map(Self.value) ?? true
        isActive = Self.and(Self.not(wasTaken), own)
        wasTaken = Self.or(wasTaken, own)
        if let condition { self.condition = "#elseif \(condition)" }
    }

    /// Evaluates `true` and `false` joined by `!`, `&&` and `||`; everything else is up to build settings.
    private static func value(of condition: String) -> Bool? {
        guard !condition.contains("(") else { return nil }
        return condition.split(separator: "||").map { disjunct in
            disjunct.split(separator: "&&").map { literal in
                switch literal {
                case "true", "!false": true
                case "false", "!true": false
                default: nil
                }
            }.reduce(true, and)
        }.reduce(false, or)
    }

    private static func not(_ a: Bool?) -> Bool? { a.map { !$0 } }

    private static func and(_ a: Bool?, _ b: Bool?) -> Bool? {
        if a == false || b == false { return false }
        return a == nil || b == nil ? nil : true
    }

    private static func or(_ a: Bool?, _ b: Bool?) -> Bool? { not(and(not(a), not(b))) }
}
