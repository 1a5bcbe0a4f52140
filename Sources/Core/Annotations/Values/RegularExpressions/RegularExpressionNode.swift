/// A regular expression, parsed.
indirect enum RegularExpressionNode: Hashable, Sendable {
    /// One byte of a set.
    case bytes(ByteSet)
    /// `^`, `\b` or `\B`: matches between bytes. ``BoundedRegularExpression`` has to know where a pattern begins with `^`.
    case assertion(isStart: Bool)
    /// `$`
    case end
    case sequence([RegularExpressionNode])
    case alternatives([RegularExpressionNode])
    /// From `least` to `most` times; nil without an upper limit.
    case repeated(RegularExpressionNode, least: Int, most: Int?)

    /// Whether it can match without taking a byte.
    var isNullable: Bool {
        switch self {
        case .bytes: false
        case .assertion, .end: true
        case .sequence(let parts): parts.allSatisfy(\.isNullable)
        case .alternatives(let parts): parts.contains(where: \.isNullable)
        case .repeated(let part, let least, _): least == 0 || part.isNullable
        }
    }

    /// Whether it matches at every position of every text.
    var alwaysMatches: Bool {
        switch self {
        case .bytes, .assertion, .end: false
        case .sequence(let parts): parts.allSatisfy(\.alwaysMatches)
        case .alternatives(let parts): parts.contains(where: \.alwaysMatches)
        case .repeated(let part, let least, _): least == 0 || part.alwaysMatches
        }
    }

    /// The bytes that a match can begin with, `rest` standing for what follows where it takes none.
    func first(then rest: ByteSet) -> ByteSet {
        switch self {
        case .bytes(let set): return set
        case .assertion: return rest
        case .end: return ByteSet()
        case .sequence(let parts): return parts.reversed().reduce(rest) { $1.first(then: $0) }
        case .alternatives(let parts): return parts.reduce(ByteSet()) { $0.union($1.first(then: rest)) }
        case .repeated(let part, _, _):
            let own = part.first(then: rest)
            return isNullable ? own.union(rest) : own
        }
    }

    /// Whether every match of a text of one line begins where the text does.
    var isAnchored: Bool { isAnchored(inLines: false) }

    /// Whether every match begins where the text does, which may have several lines.
    var isAnchoredInLines: Bool { isAnchored(inLines: true) }

    private func isAnchored(inLines: Bool) -> Bool {
        switch self {
        case .assertion(let isStart): isStart
        case .sequence(let parts): parts.first?.isAnchored(inLines: inLines) == true
        case .alternatives(let parts): parts.allSatisfy { $0.isAnchored(inLines: inLines) }
        // PCRE2 tries a pattern that begins with .* only where a line begins, and paths have one line.
        case .repeated(.bytes(let set), 0, nil): !inLines && set == Self.anyByte
        case .bytes, .end, .repeated: false
        }
    }

    /// `.`
    static let anyByte = ByteSet("\n").complement

    /// The sets of the bytes that every match begins with.
    var prefix: [ByteSet] {
        switch self {
        case .bytes(let set): return [set]
        case .sequence(let parts):
            var prefix: [ByteSet] = []
            for part in parts {
                prefix += part.prefix
                guard part.isFixed else { break }
            }
            return prefix
        case .alternatives(let parts):
            return parts.count == 1 ? parts[0].prefix : [first(then: .all)]
        case .repeated(let part, let least, _): return least > 0 ? part.prefix : []
        case .assertion, .end: return []
        }
    }

    /// Whether it always matches behind ``prefix``, so that it is tried no further where that stands.
    var isCertainBehindPrefix: Bool {
        switch self {
        case .sequence(let parts): parts.drop(while: \.isFixed).allSatisfy(\.alwaysMatches)
        case .alternatives(let parts): parts.count == 1 && parts[0].isCertainBehindPrefix
        case .bytes: true
        case .assertion, .end, .repeated: alwaysMatches
        }
    }

    /// Whether ``prefix`` is all of it.
    private var isFixed: Bool {
        switch self {
        case .bytes: true
        case .sequence(let parts): parts.allSatisfy(\.isFixed)
        case .alternatives(let parts): parts.count == 1 && parts[0].isFixed
        case .assertion, .end, .repeated: false
        }
    }
}
