/// A sample expression of a tenant's: one fetch and any number of converters, all of them from lists of those that read the
/// tenant's own request, response and connection (``SampleFetch``, ``SampleConverter``).
///
/// HAProxy has hundreds of others, which read the state of other tenants, write, or open files. An expression holds none of them,
/// because it is made of list entries, and HAProxy gets what ``text`` writes of these.
public struct SampleExpression: Hashable, Sendable, CustomStringConvertible {
    /// The message that the rule with the expression is about.
    public enum Message: Hashable, Sendable {
        case request, response
    }

    let fetch: SampleTerm
    /// The fetch's definition: its arguments, type and cost.
    let definition: SampleFetch
    let converters: [SampleTerm]
    let availability: SampleFetch.Availability
    let output: SampleType
    /// The match method in the name of the fetch, such as `beg` of `path_beg`; only in ACLs.
    let matching: MatchMethod?

    /// Converters of one expression, which all run for each request.
    static let maximumConverters = 16
    /// Bytes of ``text``.
    static let maximumLength = 1024

    /// The expression as HAProxy reads it back: one word, before that is quoted for a line.
    public let text: String
    /// How many steps it takes at most to evaluate it once, by the longest text that HAProxy holds.
    let cost: Growth
    public var description: String { text }

    /// Whether HAProxy needs to see a message of HTTP for it.
    public var needsHTTP: Bool { availability != .connection }

    /// Reads one word of HAProxy's, whose own quotes are taken off already.
    ///
    /// - Throws: ``ValueError`` when the text is not one expression of known fetches and converters, and names what is not.
    public init(_ text: String, of message: Message = .request) throws {
        guard !text.isEmpty else { throw ValueError("is empty") }
        guard Quoting.isRepresentable(text) else { throw ValueError("holds control characters") }
        var reader = SampleTermReader(text)
        try self.init(from: &reader, of: message)
        guard reader.rest.isEmpty else {
            throw ValueError("goes on after the end of the expression with \(reader.remainder.quotedForPeople)")
        }
    }

    /// Reads as much as belongs to the expression.
    ///
    /// - Parameter isACL: whether names such as `path_beg` are known.
    init(from reader: inout SampleTermReader, of message: Message, isACL: Bool = false) throws {
        let term = try reader.term(of: "sample fetch")
        guard let (known, matching) = Self.fetch(term.name, isACL: isACL) else {
            throw ValueError("uses \(term.name.quotedForPeople), which is not among the sample fetches that annotations may use")
        }
        guard Self.has(known.availability, message) else {
            throw ValueError("uses \(term.name.quotedForPeople), which is not known of a \(message)")
        }
        fetch = try known.signature.checked(term)
        definition = known
        var converters: [SampleTerm] = []
        var output = known.output
        while reader.rest.first == UInt8(ascii: ",") {
            reader.rest.removeFirst()
            let term = try reader.term(of: "converter")
            guard let converter = SampleConverter.known[term.name] else {
                throw ValueError("uses \(term.name.quotedForPeople), which is not among the converters that annotations may use")
            }
            converters.append(try converter.signature.checked(term))
            output = converter.output
        }
        guard converters.count <= Self.maximumConverters else {
            throw ValueError("has \(converters.count) converters, more than \(Self.maximumConverters)")
        }
        self.converters = converters
        self.output = output
        // HAProxy compares the output of converters by its type, whatever the fetch is called.
        self.matching = converters.isEmpty ? matching : nil
        availability = known.availability
        cost = known.cost + Self.cost(of: converters, after: known)
        text = ([fetch] + converters).map(\.text).joined(separator: ",")
        guard text.utf8.count <= Self.maximumLength else {
            throw ValueError("is an expression of more than \(Self.maximumLength) bytes")
        }
    }

    private static func fetch(_ name: String, isACL: Bool) -> (SampleFetch, MatchMethod?)? {
        if let fetch = SampleFetch.known[name] { return (fetch, nil) }
        guard isACL, let separator = name.utf8.lastIndex(of: UInt8(ascii: "_")),
            let fetch = SampleFetch.known[String(name[..<separator])], fetch.hasMatchingForms,
            let method = MatchMethod(rawValue: String(name[separator...].dropFirst())), MatchMethod.inNames.contains(method)
        else { return nil }
        return (fetch, method)
    }

    private static func has(_ availability: SampleFetch.Availability, _ message: Message) -> Bool {
        switch (availability, message) {
        case (.connection, _), (.always, _), (.message, _), (.request, .request), (.response, .response): true
        case (.request, .response), (.response, .request): false
        }
    }
}

extension Directive.Interpolation {
    /// A sample expression as one argument.
    public mutating func appendInterpolation(_ expression: SampleExpression) {
        appendInterpolation(expression.text)
        spend(expression.cost)
    }

    /// The first bytes of what a sample expression gives, as text, as one argument.
    public mutating func appendInterpolation(_ expression: SampleExpression, cutTo length: Int) {
        // `concat` makes a text of what is none.
        appendInterpolation(expression.text + ",concat(),bytes(0,\(length))")
        spend(expression.cost + Growth([100, 3]))
    }
}
