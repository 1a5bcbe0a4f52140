import Core

/// The value of `cors-allow-origin`.
enum AllowedOrigin: Hashable, Sendable {
    case any
    case matching(OriginPattern)

    /// How a request's Origin is compared.
    enum Kind {
        case any
        case literal(String)
        case list([String])
        case expression
    }

    var kind: Kind {
        guard case .matching(let pattern) = self else { return .any }
        // Only an opaque origin has no text, and nobody sends it as an empty field.
        guard let origins = pattern.origins?.filter({ !$0.isEmpty }) else { return .expression }
        // What separates the fields of a map entry is in no Origin.
        return origins.count == 1 && !origins[0].utf8.contains(UInt8(ascii: ";")) ? .literal(origins[0]) : .list(origins)
    }

    /// The one origin, or what entries of other maps begin with. Browsers send no Origin that looks like the latter.
    var text: String {
        switch (self, kind) {
        case (_, .literal(let origin)): origin
        case (.matching(let pattern), _): pattern.id
        case (.any, _): "*"
        }
    }
}

extension ValueType where Value == AllowedOrigin {
    static let origin = ValueType(
        name: "* or regular expression", expected: "* or an origin or a regular expression over the whole Origin",
        example: #"^https://(www|app)\.example\.com$"#
    ) { $0 == "*" ? .any : .matching(try OriginPattern($0)) }
}

extension ValueType where Value == String {
    /// Methods are compared letter by letter by browsers, and all that there are have capital letters (RFC 9110, section 9.1).
    static let methods = ValueType(
        name: "* or method list", expected: "* or HTTP methods, separated by commas", example: "GET, POST, DELETE"
    ) { text in
        let known: Set = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
        return try list(text) { word in
            let method = word.uppercased()
            guard known.contains(method) else { throw ValueError("names \(word.quotedForPeople), which is not an HTTP method") }
            return method
        }
    }

    static let headerNames = ValueType(
        name: "* or header list", expected: "* or header names, separated by commas", example: "Content-Type, X-Request-ID"
    ) { text in
        try list(text) { word in
            guard word.isToken else { throw ValueError("names \(word.quotedForPeople), which is not the name of a header") }
            return word
        }
    }

    /// `*`, or words as `read` takes them, joined as HTTP lists are.
    private static func list(_ text: String, _ read: (String) throws -> String) throws -> String {
        guard text != "*" else { return text }
        let words = text.split { $0 == "," || $0.isWhitespace }.map(String.init)
        guard !words.isEmpty else { throw ValueError("names nothing") }
        return try words.map(read).joined(separator: ", ")
    }
}
