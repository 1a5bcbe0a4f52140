// How many steps HAProxy takes at most for a part of an expression, by the length of its text. A step is about a nanosecond of a
// current processor: the numbers are above those measured with HAProxy 2.6 and texts of 14,000 bytes, and a step of a regular
// expression takes half of one. What is on none of these lists costs what the costliest of its kind does.

extension SampleFetch {
    /// The steps to fetch it once, by the length of the message.
    var cost: Growth {
        switch availability {
        // HAProxy reads a certificate's fields anew each time.
        case .connection where output == .string || output == .binary: Growth([2000, 2])
        case .connection: Growth([200])
        case .always, .request, .response, .message: Growth([300, hasCommas ? 5 : 2])
        }
    }

    /// Whether HAProxy goes from comma to comma to find the value.
    private var hasCommas: Bool { name.contains("hdr") && !name.contains("fhdr") }

    /// How many values of it an ACL compares one after the other at most, until one matches; nil for one.
    func values(_ arguments: [String]) -> Growth? {
        switch name {
        // Commas separate values, and may be all there is. With a number, HAProxy takes one.
        case "hdr", "hdr_ip", "hdr_val", "req.hdr", "req.hdr_ip", "req.hdr_val", "res.hdr", "res.hdr_ip", "res.hdr_val":
            Self.isNumbered(arguments) ? nil : .length
        // Whole lines.
        case "req.fhdr", "res.fhdr": Self.isNumbered(arguments) ? nil : Growth([0, 0.25])
        case _ where signature.arguments.isEmpty || availability == .connection: nil
        case "hdr_cnt", "req.hdr_cnt", "req.fhdr_cnt", "res.hdr_cnt", "res.fhdr_cnt", "req.hdr_names", "res.hdr_names": nil
        case "cook_cnt", "req.cook_cnt", "res.cook_cnt", "http_auth_bearer", "var": nil
        // Cookies and parameters: names, separators.
        default: Growth([0, 0.5])
        }
    }

    private static func isNumbered(_ arguments: [String]) -> Bool {
        arguments.count > 1 && Int(arguments[1]).map { $0 != 0 } ?? false
    }

    /// The longest that it gives, where that is short.
    fileprivate var shortLength: Int? { output.shortLength }

    /// Whether it may hold line feeds, which no header, path or cookie does.
    fileprivate var hasLines: Bool { availability == .connection }
}

extension SampleType {
    /// How long samples of the type are as text at most, where that does not depend on the request.
    fileprivate var shortLength: Int? {
        switch self {
        case .boolean, .integer, .address: 64
        case .string, .binary, .method, .undefined: nil
        }
    }
}

extension SampleExpression {
    /// The steps of converters, one after the other, for a sample of a fetch.
    static func cost(of converters: [SampleTerm], after fetch: SampleFetch) -> Growth {
        converters.reduce(into: Conversion(fetch)) { $0.apply($1) }.cost
    }

    /// Whether the sample may have several lines.
    var hasLines: Bool { converters.reduce(into: Conversion(definition)) { $0.apply($1) }.hasLines }

    /// A sample on its way through converters.
    private struct Conversion {
        var cost = Growth.zero
        /// How long the sample is at most; nil for as long as HAProxy's buffers.
        var length: Int?
        var hasLines: Bool

        init(_ fetch: SampleFetch) {
            (length, hasLines) = (fetch.shortLength, fetch.hasLines)
        }

        mutating func apply(_ term: SampleTerm) {
            let steps = SampleConverter.cost(of: term, hasLines: hasLines)
            cost = cost + (length.map { Growth([steps.value(at: $0)]) } ?? steps)
            switch term.name {
            case "b64dec", "ub64dec", "url_dec", "json_query", "jwt_header_query", "jwt_payload_query", "sha1", "sha2":
                hasLines = true
            default: break
            }
            switch term.name {
            case "sha1", "sha2": length = 64
            case "iif", "language", "http_date", "ltime", "utime": length = SampleExpression.maximumLength * 4
            case "bytes" where term.arguments.count > 1: length = Int(term.arguments[1]) ?? nil
            default: length = SampleConverter.known[term.name]?.output.shortLength
            }
        }
    }
}

extension SampleConverter {
    /// The steps of a converter, by the length of the sample.
    fileprivate static func cost(of term: SampleTerm, hasLines: Bool) -> Growth {
        func bytes(_ arguments: some Sequence<String>) -> Double { Double(arguments.reduce(0) { $0 + $1.utf8.count }) }
        switch term.name {
        case "regsub": return substitution(term.arguments, hasLines: hasLines)
        // Each byte is compared with each separator.
        case "field", "word": return Growth([10, 2 + bytes(term.arguments.dropFirst().prefix(1))])
        case "ltrim", "rtrim": return Growth([10, 2 + bytes(term.arguments)])
        // Each language of the client is compared with each one in the list.
        case "language": return Growth([10, 2 + bytes(term.arguments)])
        case "json", "json_query", "jwt_header_query", "jwt_payload_query": return Growth([300, 8])
        case "crc32", "crc32c", "sha1", "sha2": return Growth([1000, 8])
        case "http_date", "ltime", "utime": return Growth([500 + 100 * bytes(term.arguments), 1])
        default: return Growth([10, 3])
        }
    }

    private static func substitution(_ arguments: [String], hasLines: Bool) -> Growth {
        guard arguments.count > 1, let expression = try? BoundedRegularExpression(arguments[0]) else {
            return Growth([.greatestFiniteMagnitude])
        }
        let isRepeated = arguments.count > 2 && arguments[2].contains("g")
        let search = expression.cost(hasLines: hasLines, isRepeated: isRepeated)
        // The replacement is written for each match, with all groups that it names.
        let replacement = Growth([60 + 2 * Double(arguments[1].utf8.count)])
        return search + (isRepeated && !expression.isAnchoredInLines ? Growth([1, 1]) : .one) * replacement + Growth([0, 4])
    }
}

extension ACLExpression {
    /// The steps to find out whether a request matches, at most: when none of the values that it has does.
    var cost: Growth {
        let fetch = expression.definition
        let hasLines = expression.hasLines
        let conversion = SampleExpression.cost(of: expression.converters, after: fetch)
        let comparison = values.reduce(Growth([40, 1])) { $0 + method.cost(of: $1, hasLines: hasLines) }
        let each = conversion + comparison
        return fetch.cost + (fetch.values(expression.fetch.arguments).map(each.spread) ?? each)
    }
}

extension MatchMethod {
    /// The steps to compare a text with a value.
    fileprivate func cost(of value: String, hasLines: Bool) -> Growth {
        let length = Double(value.utf8.count)
        switch self {
        case .reg:
            guard let expression = try? BoundedRegularExpression(value) else { return Growth([.greatestFiniteMagnitude]) }
            return expression.cost(hasLines: hasLines) + Growth([50])
        // Each place of the text may begin like the value.
        case .sub, .dir, .dom: return Growth([1, 1]) * Growth([4 + length / 4])
        case .found, .bool, .int, .ip, .bin, .len, .str, .beg, .end, .method: return Growth([10 + length / 8])
        }
    }
}
