import Core

/// Another path for the pods than the one the client asked for.
public struct PathRewrite: RouteAnnotation {
    static let rules = AnnotationKey(
        "path-rewrite", .pathRewrites.checkedByHAProxy(), scopes: [.configMap, .ingress], acts: .backend, update: .reload,
        since: "1.4",
        summary: """
            Rewrites the path of requests before they go to the pods. A line with one word is the new path; a line with two is a \
            regular expression and what replaces the part of the path that it matches.
            """)

    public static let reference = AnnotationReference(
        family: "path-rewrite", title: "Path rewriting",
        summary: """
            The query string stays as it is. In a replacement `\\1` to `\\9` stand for the groups of the regular expression \
            and `\\0` \
            for all that it matched; a path that it does not match is left alone. Lines apply one after the other, each to \
            what the \
            lines before it made. Regular expressions hold no spaces: write `\\s` or `\\x20`.

            Expressions are those of PCRE2 whose cost is bounded: characters, classes, groups `( )` and `(?: )`, alternatives, \
            repetitions, `^`, `$`, `\\b`, and `(?i)` where one begins. References to groups, look-around and named groups are \
            refused, and so are repetitions of repetitions such as `(a+)+`, and rows of parts that match the same text such as \
            `.*.*.*=`. Where the cost grows with the square of the path's length, as for `/a/(.*)/b`, requests with very long \
            paths (thousands of characters) get 414.
            """,
        keys: [rules.reference],
        examples: [
            AnnotationExample(
                "Pods that do not know the prefix /shop",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [("path-rewrite", #"^/shop/?(.*)$ /\1"#)]), ExampleManifest.service()),
                leadsTo: [#"http-request replace-path '^/shop/?(.*)$' '/\1'"#])
        ])

    let lines: Resolved<[PathRewriteRule]>
    /// How many steps each expression may take.
    private let steps: Double

    public init?(_ values: AnnotationValues) throws {
        guard let lines = try values.resolved(Self.rules) else { return nil }
        let limits = values.environment.limits
        try lines.require(lines.value.count, "rules", within: .rewriteRules, of: limits)
        steps = Self.steps(of: lines.value, within: lines.scope > .configMap ? values.environment.expressionBudget.rewrites : nil)
        for case .replace(let expression, _) in lines.value
        where expression.longestTextWithinBudget(steps) < BoundedRegularExpression.shortestLimit {
            throw lines.error(
                "holds regular expressions that cost too much together; one is \(expression.text.quotedForPeople), and a quarter of the "
                    + "time for expressions is theirs: \(limits.description(of: .expressionTime))")
        }
        for line in lines.value {
            switch line {
            case .set(let path):
                if path.contains("?") {
                    values.warn(
                        lines,
                        "puts a ? into the path \(path.quotedForPeople): the request's own query string follows it all the same")
                }
            case .replace(let expression, let replacement):
                if let group = expression.unknownGroup(in: replacement) {
                    values.warn(
                        lines,
                        "puts in group \\\(group), which \(expression.text.quotedForPeople) does not have: it is always empty")
                }
            }
        }
        self.lines = lines
    }

    public func contribute(to route: inout RouteContribution) throws {
        for line in lines.value {
            switch line {
            case .set(let path):
                route.backend.rule(.rewrite, "http-request set-path \(literal: path)")
            case .replace(let expression, let replacement):
                // Replacements may have made the path longer, so each expression has a limit of its own.
                let longest = expression.longestTextWithinBudget(steps)
                if longest < BoundedRegularExpression.longestText {
                    route.backend.rule(.rewrite, "http-request return status 414 if { path -m len gt \(longest) }")
                }
                route.backend.rule(
                    .rewrite, "http-request replace-path \(expression, upTo: longest) \(literal: replacement)")
            }
        }
    }

    /// How many steps one expression may take, so that all of them together take no more than one may, or than `budget`.
    static func steps(of rules: [PathRewriteRule], within budget: Double? = nil) -> Double {
        (budget ?? BoundedRegularExpression.mostSteps) / Double(max(1, rules.count { $0.isExpression }))
    }
}

/// One line of `path-rewrite`.
enum PathRewriteRule: Hashable, Sendable {
    case set(path: String)
    case replace(expression: BoundedRegularExpression, replacement: String)

    var isExpression: Bool { if case .replace = self { true } else { false } }
}

extension ValueType where Value == [PathRewriteRule] {
    /// `PATH` or `REGEX REPLACEMENT`, one a line.
    static let pathRewrites = ValueType(
        name: "PATH or REGEX REPLACEMENT lines", expected: "a path, or a regular expression and its replacement, one rule a line",
        example: #"^/shop/(.*) /\1"#
    ) { text in
        let rules = try text.split(whereSeparator: \.isNewline).compactMap { line -> PathRewriteRule? in
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            for word in words where word.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
                throw ValueError("holds control characters")
            }
            switch words.count {
            case 0: return nil
            case 1:
                guard words[0].hasPrefix("/") else {
                    throw ValueError("holds the path \(words[0].quotedForPeople), which does not begin with /")
                }
                return .set(path: words[0])
            case 2:
                let expression: BoundedRegularExpression
                do { expression = try BoundedRegularExpression(words[0]) } catch let error as ValueError {
                    throw ValueError("holds the regular expression \(words[0].quotedForPeople), which \(error.message)")
                }
                if words[1].reversed().prefix(while: { $0 == "\\" }).count % 2 == 1 {
                    throw ValueError("holds the replacement \(words[1].quotedForPeople), which ends with a backslash")
                }
                return .replace(expression: expression, replacement: words[1])
            default: throw ValueError("holds a rule of \(words.count) words")
            }
        }
        guard !rules.isEmpty else { throw ValueError("holds no rule") }
        let steps = PathRewrite.steps(of: rules)
        for case .replace(let expression, _) in rules
        where expression.longestTextWithinBudget(steps) < BoundedRegularExpression.shortestLimit {
            throw ValueError("holds regular expressions that cost too much together; one is \(expression.text.quotedForPeople)")
        }
        return rules
    }
}
