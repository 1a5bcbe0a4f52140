/// A header to set: its name and a log-format string for its value.
public struct HeaderAssignment: Hashable, Sendable {
    public let name: String
    public let value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

extension ValueType where Value == [HeaderAssignment] {
    /// `NAME VALUE`, one a line; quotes around the whole value are taken off.
    public static let headerLines = ValueType(
        name: "NAME VALUE lines", expected: "one header a line: its name, a space and its value",
        example: "X-Environment production"
    ) { text in
        let assignments = try text.split(whereSeparator: \.isNewline).compactMap { line -> HeaderAssignment? in
            let line = String(line).trimmingWhitespace
            guard !line.isEmpty else { return nil }
            let name = String(line.prefix { !$0.isWhitespace })
            var value = String(line.dropFirst(name.count)).trimmingWhitespace
            guard name.isPlainHeaderName else {
                throw ValueError("holds \(name.quotedForPeople), which is not the name of a header")
            }
            value = value.withoutQuotesAround
            guard !value.isEmpty else { throw ValueError("sets header \(name) to nothing") }
            guard Quoting.isRepresentable(value) else { throw ValueError("holds control characters") }
            return HeaderAssignment(name: name, value: value)
        }
        guard !assignments.isEmpty else { throw ValueError("names no header") }
        return assignments
    }
}

extension String {
    /// Without the quotes around the whole text, if there are any.
    ///
    /// Between double quotes `\"`, `\\` and `\$` stand for the second character, as in HAProxy's configuration (manual, section 2.2);
    /// other backslashes stay. Where the first quote ends before the text does, it is a part of the text.
    fileprivate var withoutQuotesAround: String {
        guard let quote = utf8.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return self }
        var inner: [UInt8] = []
        var rest = utf8.dropFirst()
        while let byte = rest.popFirst() {
            if byte == quote { return rest.isEmpty ? String(decoding: inner, as: UTF8.self) : self }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), let next = rest.first, "\\\"$".utf8.contains(next) {
                rest.removeFirst()
                inner.append(next)
            } else {
                inner.append(byte)
            }
        }
        return self
    }
}

/// Raw lines of one HAProxy section.
public struct ConfigSnippet: Hashable, Sendable {
    public let lines: [String]

    /// The keywords that begin a section (configuration manual, chapters 3, 4 and 5): a snippet that held one would leave the
    /// section it was written for.
    static let sectionKeywords: Set<String> = [
        "global", "defaults", "frontend", "backend", "listen", "userlist", "peers", "mailers", "resolvers", "ring", "cache",
        "program", "http-errors", "fcgi-app", "log-forward", "log-profile", "crt-store", "traces", "acme", "namespace_list",
    ]

    public init(_ text: String) throws {
        lines = text.split(whereSeparator: \.isNewline).map { String($0).trimmingWhitespace }.filter {
            !$0.isEmpty && !$0.hasPrefix("#")
        }
        guard !lines.isEmpty else { throw ValueError("holds no directive") }
        for line in lines {
            // As HAProxy sees it: white space and comments end the word, whatever accent follows them.
            let word = String(line.unicodeScalars.prefix { !$0.properties.isWhitespace && $0 != "#" })
            // No directive needs quoting or variables in its first word; HAProxy would spell any keyword with them.
            guard !word.unicodeScalars.contains(where: { "'\"\\$".unicodeScalars.contains($0) }) else {
                throw ValueError("begins a line with \(word.quotedForPeople), which is not a plain keyword")
            }
            if Self.sectionKeywords.contains(word) { throw ValueError("begins a section with \(word.quotedForPeople)") }
            if word.hasPrefix(".") { throw ValueError("holds \(word.quotedForPeople), a conditional block") }
            if line.hasSuffix("\\") { throw ValueError("ends a line with a backslash") }
            guard Quoting.isRepresentable(line.filter { $0 != "\t" }) else { throw ValueError("holds control characters") }
        }
    }
}

extension ValueType where Value == ConfigSnippet {
    /// Raw HAProxy directives of one section.
    public static let snippet = ValueType(
        name: "HAProxy directives", expected: "HAProxy directives of one section, one a line",
        example: "http-send-name-header X-Server"
    ) { try ConfigSnippet($0) }.checkedByHAProxy()
}
