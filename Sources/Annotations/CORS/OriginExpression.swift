/// A regular expression over an Origin, parsed.
indirect enum OriginExpression {
    /// `^`
    case start
    /// `$`
    case end
    /// One of some characters, as it is written for PCRE2; nil where they are too many to list.
    case character(String, [Character]?)
    case sequence([OriginExpression])
    case alternatives([OriginExpression])
    /// From `least` to `most` times; nil without an upper limit.
    case repeated(OriginExpression, least: Int, most: Int?)

    /// Without anchors, as PCRE2 reads it.
    var text: String {
        switch self {
        case .start, .end: return ""
        case .character(let text, _): return text
        case .sequence(let parts): return parts.map(\.text).joined()
        case .alternatives(let parts): return "(?:" + parts.map(\.text).joined(separator: "|") + ")"
        case .repeated(let part, let least, let most):
            let times =
                switch (least, most) {
                case (0, 1): "?"
                case (0, nil): "*"
                case (1, nil): "+"
                case (_, let most?): "{\(least),\(most)}"
                case (_, nil): "{\(least),}"
                }
            return part.text + times
        }
    }

    /// How many characters and groups there are once repetitions are written out; a million at most.
    var size: Int {
        switch self {
        case .start, .end: 0
        case .character: 1
        case .sequence(let parts): Self.sum(parts)
        case .alternatives(let parts): Self.sum(parts) + parts.count
        case .repeated(let part, let least, let most): min(part.size * max(most ?? least, 1) + 1, 1_000_000)
        }
    }

    private static func sum(_ parts: [OriginExpression]) -> Int { parts.reduce(0) { min($0 + $1.size, 1_000_000) } }

    /// Whether anchors stand only where the whole begins or ends, so that they can go.
    func hasAnchorsOnlyAtEnds(isFirst: Bool = true, isLast: Bool = true) -> Bool {
        switch self {
        case .start: return isFirst
        case .end: return isLast
        case .character: return true
        case .repeated(let part, _, _): return part.hasAnchorsOnlyAtEnds(isFirst: false, isLast: false)
        case .alternatives(let parts):
            return parts.allSatisfy { $0.hasAnchorsOnlyAtEnds(isFirst: isFirst, isLast: isLast) }
        case .sequence(let parts):
            let begin = parts.firstIndex { if case .start = $0 { false } else { true } } ?? parts.endIndex
            let end = parts.lastIndex { if case .end = $0 { false } else { true } } ?? parts.startIndex
            return parts.enumerated().allSatisfy { index, part in
                part.hasAnchorsOnlyAtEnds(isFirst: isFirst && index <= begin, isLast: isLast && index >= end)
            }
        }
    }

    /// Everything that matches, or nil when that is more than `limit` words.
    func words(limit: Int) -> [String]? {
        switch self {
        case .start, .end: return [""]
        case .character(_, let characters):
            guard let characters, characters.count <= limit else { return nil }
            return characters.map(String.init)
        case .sequence(let parts):
            var words = [""]
            for part in parts {
                guard let next = part.words(limit: limit), words.count * next.count <= limit else { return nil }
                words = words.flatMap { word in next.map { word + $0 } }
            }
            return words
        case .alternatives(let parts):
            var words: [String] = []
            for part in parts {
                guard let next = part.words(limit: limit), words.count + next.count <= limit else { return nil }
                words += next
            }
            return words
        case .repeated(let part, let least, let most):
            guard let most, let base = part.words(limit: limit) else { return nil }
            var words: [String] = []
            var power = [""]
            for count in 0...most {
                if count >= least {
                    guard words.count + power.count <= limit else { return nil }
                    words += power
                }
                guard count < most else { break }
                guard power.count * base.count <= limit else { return nil }
                power = power.flatMap { word in base.map { word + $0 } }
            }
            return words
        }
    }
}
