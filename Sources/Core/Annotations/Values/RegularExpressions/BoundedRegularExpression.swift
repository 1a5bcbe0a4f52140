/// A regular expression of a tenant that costs no more than a known number of steps, whatever it is matched with.
///
/// HAProxy matches with PCRE2, which backtracks: it tries the ways in which a pattern could match one after the other, and a
/// pattern such as `(a+)+$` has more ways than there are atoms. What is accepted here has few ways, which are counted from the
/// pattern alone:
///
/// - A part that matches one byte costs a step, and is left in one way.
/// - A repetition of bytes without end (`[^/]*`) costs a step for each byte of the text. Where the next part cannot begin with a
///   byte that is repeated (`[^/]*/`), only its end leads on: one way. Else it is left in as many ways as the text is long.
/// - Parts in a row multiply: each way of leaving the one is a try of the next. Ways of alternatives are added up, unless their
///   first bytes are different.
/// - A group is repeated without end only when it takes a byte each time and matches a text in one way. Like a repetition of bytes it
///   is left in one way where its end is certain, and else in as many as the text is long.
/// - What is not anchored with `^` is tried at each place where the bytes that it begins with can stand.
///
/// So the steps are a polynomial of the text's length (``steps(length:)``), an upper bound of PCRE2's with or without JIT: its
/// optimisations only leave steps out. References, look-around, recursion, conditions and verbs, which the bound does not cover,
/// are refused, and so are lengths and repetitions that make compiling expensive.
public struct BoundedRegularExpression: Hashable, Sendable {
    /// As it was written.
    public let text: String
    /// How many groups capture.
    public let groups: Int
    private let growth: Growth
    /// The steps of one try to match, wherever it begins.
    private let growthOfTry: Growth
    /// Whether every match begins where the text does, so that there is no second one.
    let isAnchoredInLines: Bool
    private let isAnchored: Bool

    /// The longest pattern in bytes.
    public static let greatestLength = 1024
    /// The most bytes and groups once repetitions are written out: PCRE2 compiles no more than 64 KiB.
    private static let greatestSize = 2000
    /// How many steps one match may take at most, whatever bounds the length of the text: some 20 ms of a processor.
    public static let mostSteps = 20_000_000.0
    /// The longest text that HAProxy can hand over: its buffers are of 16 KiB unless an operator makes them larger.
    public static let longestText = 16_384

    /// - Throws: ``ValueError`` when the pattern is none, or is not of the class whose cost is bounded.
    public init(_ text: String) throws {
        guard text.utf8.count <= Self.greatestLength else {
            throw ValueError("is longer than \(Self.greatestLength) characters")
        }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { throw ValueError("holds control characters") }
        var parser = RegularExpressionParser(text)
        let parsed = try parser.parse()
        guard parsed.size <= Self.greatestSize else { throw ValueError("repeats too much within repetitions") }
        self.text = text
        groups = parser.groups
        (growth, growthOfTry) = try Self.growth(of: parsed)
        (isAnchored, isAnchoredInLines) = (parsed.isAnchored, parsed.isAnchoredInLines)
        guard longestTextWithinBudget(Self.mostSteps) >= Self.shortestLimit else {
            throw ValueError(
                "can take \(Self.words(growth, length: Self.shortestLimit)) steps for a text of \(Self.shortestLimit) characters: parts "
                    + "that may match the same text stand behind each other")
        }
    }

    /// No expression is accepted that does not take texts of this length within ``mostSteps``.
    public static let shortestLimit = 1024

    /// How many steps a search takes by the length of the text.
    ///
    /// - Parameters:
    ///   - hasLines: whether the text may have several lines.
    ///   - isRepeated: whether it is searched again behind each match, as `regsub` with the flag `g` does.
    func cost(hasLines: Bool, isRepeated: Bool = false) -> Growth {
        // No place is tried twice: a search begins where the match before ended, and there `^` does not match.
        if isRepeated { return isAnchoredInLines ? growth + growth : everywhere }
        return hasLines && isAnchored && !isAnchoredInLines ? everywhere : growth
    }

    private var everywhere: Growth { (Growth(1) + .length) * (Growth(1) + growthOfTry) }

    /// At most so many steps does a match with a text of `length` bytes take.
    public func steps(length: Int) -> Double { growth.value(at: length) }

    /// The length up to which texts take no more than `budget` steps; ``longestText`` when there is no need for a limit.
    public func longestTextWithinBudget(_ budget: Double) -> Int {
        var (low, high) = (0, Self.longestText)
        while low < high {
            let middle = (low + high + 1) / 2
            if growth.value(at: middle) <= budget { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// The first group that a replacement names and the pattern does not have.
    public func unknownGroup(in replacement: String) -> Int? {
        var isEscaped = false
        for character in replacement {
            if isEscaped, character.isASCII, let group = character.wholeNumberValue, group > groups { return group }
            isEscaped = character == "\\" && !isEscaped
        }
        return nil
    }

    private static func growth(of parsed: RegularExpressionNode) throws -> (search: Growth, oneTry: Growth) {
        let cost = try parsed.cost(before: .success)
        guard !parsed.isAnchored, !parsed.alwaysMatches else { return (cost.steps, cost.steps) }
        let prefix = parsed.prefix
        guard !prefix.isEmpty else { return ((Growth(1) + .length) * (Growth(1) + cost.steps), cost.steps) }
        // Where the beginning does not match, it costs no more than itself; where it does, it is some bytes to the next one.
        let distance = Double(Self.distance(prefix))
        let trials = Growth([Double(prefix.count), Double(prefix.count)])
        return (trials + (parsed.isCertainBehindPrefix ? .one : Growth([1, 1 / distance])) * cost.steps, cost.steps)
    }

    /// How far two texts that begin like this are apart at least.
    private static func distance(_ prefix: [ByteSet]) -> Int {
        (1..<prefix.count).first { shift in
            (0..<(prefix.count - shift)).allSatisfy { !prefix[$0].isDisjoint(with: prefix[$0 + shift]) }
        } ?? prefix.count
    }

    private static func words(_ growth: Growth, length: Int) -> String {
        let steps = growth.value(at: length)
        return steps < 1e12 ? "\(Int(steps / 1_000_000)) million" : "more than a million million"
    }
}

extension BoundedRegularExpression {
    public static func == (a: Self, b: Self) -> Bool { a.text == b.text }
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension Directive.Interpolation {
    /// A regular expression as one argument.
    ///
    /// - Parameter length: of the longest text that the line matches it with.
    public mutating func appendInterpolation(_ expression: BoundedRegularExpression, upTo length: Int) {
        appendInterpolation(expression.text)
        spend(Growth([expression.steps(length: length)]))
    }
}
