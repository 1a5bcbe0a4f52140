/// How much a part of a regular expression costs an engine that backtracks, each time that it is tried at a place.
struct MatchingCost {
    /// Steps: bytes compared and ways chosen.
    var steps: Growth
    /// In how many ways it is left at most: as often, what follows is tried.
    var ways: Growth
}

extension RegularExpressionNode {
    /// What may follow a part.
    struct Continuation {
        /// The bytes that it can begin with.
        let first: ByteSet
        /// Whether it matches everything, so that nobody comes back.
        let alwaysMatches: Bool
        /// How many steps it takes at most to see that it does not begin with a byte.
        let refusal: Double

        /// After the whole pattern.
        static let success = Continuation(first: ByteSet(), alwaysMatches: true, refusal: 1)

        /// All that follows is this after a part.
        func after(_ part: RegularExpressionNode) -> Continuation {
            let empty = part.emptyMatch
            return Continuation(
                first: part.first(then: first), alwaysMatches: alwaysMatches && part.alwaysMatches,
                refusal: empty.steps + empty.ways * refusal)
        }
    }

    /// What it costs where it can take no byte, and in how many ways it matches nothing there.
    private var emptyMatch: (steps: Double, ways: Double) {
        switch self {
        case .bytes: return (1, 0)
        case .assertion, .end: return (1, 1)
        case .sequence(let parts):
            return parts.reduce((0, 1)) { sum, part in
                guard sum.ways > 0 else { return sum }
                let own = part.emptyMatch
                return (sum.steps + sum.ways * own.steps, sum.ways * own.ways)
            }
        case .alternatives(let parts):
            return parts.reduce((0, 0)) { sum, part in
                let own = part.emptyMatch
                return (sum.steps + 1 + own.steps, sum.ways + own.ways)
            }
        case .repeated(let part, let least, let most):
            let own = part.emptyMatch
            guard own.ways > 0 else { return (1 + own.steps, least == 0 ? 1 : 0) }
            var sum = (steps: 1.0, ways: least == 0 ? 1.0 : 0)
            var ways = 1.0
            for count in 1...max(most ?? least, 1) {
                sum.steps += ways * (1 + own.steps)
                ways = min(ways * own.ways, 1e100)
                if count >= least { sum.ways += ways }
            }
            return sum
        }
    }

    /// How many bytes and groups there are once repetitions are written out, which PCRE2 does; a million at most.
    var size: Int {
        switch self {
        case .bytes, .assertion, .end: 1
        case .sequence(let parts): parts.reduce(0) { min($0 + $1.size, 1_000_000) }
        case .alternatives(let parts): parts.reduce(0) { min($0 + 1 + $1.size, 1_000_000) }
        case .repeated(let part, let least, let most): min(part.size * max(most ?? least, 1) + 1, 1_000_000)
        }
    }

    /// - Throws: ``ValueError`` when nothing bounds the number of ways.
    func cost(before next: Continuation) throws -> MatchingCost {
        switch self {
        case .bytes, .assertion, .end: return MatchingCost(steps: .one, ways: .one)
        case .sequence(let parts):
            // What follows each part, the last one first.
            var following = [next]
            for part in parts.reversed() { following.append((following.last ?? next).after(part)) }
            var cost = MatchingCost(steps: .zero, ways: .one)
            for (part, next) in zip(parts, following.reversed().dropFirst()) {
                let own = try part.cost(before: next)
                cost.steps = cost.steps + cost.ways * own.steps
                cost.ways = cost.ways * own.ways
            }
            return cost
        case .alternatives(let parts):
            var cost = MatchingCost(steps: Growth(parts.count), ways: .zero)
            var known = ByteSet()
            var areApart = true
            for part in parts {
                let own = try part.cost(before: next)
                let first = part.first(then: next.first)
                // After the first byte no more than one of them goes on.
                areApart = areApart && !part.isNullable && known.isDisjoint(with: first)
                known.formUnion(first)
                cost.steps = cost.steps + own.steps
                cost.ways = areApart ? .greater(cost.ways, own.ways) : cost.ways + own.ways
            }
            return cost
        case .repeated(let part, let least, let most):
            return try Self.cost(of: part, least: least, most: most, before: next)
        }
    }

    private static func cost(
        of part: RegularExpressionNode, least: Int, most: Int?, before next: Continuation
    ) throws -> MatchingCost {
        // Where it ends is certain when what follows cannot begin with what it goes on with, and without interest when what follows
        // matches in any case.
        let isCertain = next.alwaysMatches || part.first(then: ByteSet()).isDisjoint(with: next.first)
        // Coming back to it, the engine tries what follows behind each repetition.
        let refusal = Growth([isCertain ? next.refusal : 0])
        if case .bytes = part {
            let steps = Growth.one + refusal
            guard let most else {
                return MatchingCost(steps: Growth(1) + steps * .length, ways: isCertain ? .one : Growth([1, 1]))
            }
            return MatchingCost(
                steps: steps * Growth(most + 1), ways: isCertain || least == most ? .one : Growth(most - least + 1))
        }
        let again = next.again(part)
        let once = try part.cost(before: most == 1 ? next : again)
        guard let most else {
            guard !part.isNullable else { throw ValueError("repeats a group without end that may match nothing") }
            guard once.ways == .one else {
                throw ValueError("repeats a group without end that matches the same text in several ways")
            }
            return MatchingCost(
                steps: Growth(1) + (Growth(1) + once.steps + refusal) * .length, ways: isCertain ? .one : Growth([1, 1]))
        }
        if most == 1, least == 0, isCertain, !part.isNullable {
            return MatchingCost(steps: Growth(1) + once.steps + refusal, ways: .greater(once.ways, .one))
        }
        var cost = MatchingCost(steps: .one, ways: least == 0 ? .one : .zero)
        var ways = Growth.one
        for count in 1...max(most, 1) where count <= most {
            cost.steps = cost.steps + ways * (Growth(1) + once.steps)
            ways = ways * once.ways
            if count >= least { cost.ways = cost.ways + ways }
        }
        return cost
    }
}

extension RegularExpressionNode.Continuation {
    /// What follows a part that is repeated: itself, or what follows the last time.
    fileprivate func again(_ part: RegularExpressionNode) -> Self {
        let more = after(part)
        return Self(first: more.first.union(first), alwaysMatches: false, refusal: more.refusal + refusal)
    }
}
