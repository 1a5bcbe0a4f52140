/// Reads JSON values one after the other from bytes that stay where they are.
struct JSONReader {
    struct Failure: Error {
        let message: String
        let mark: Node.Mark
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private let limit: Int
    private var index = 0
    private var line = 1
    /// Where the line begins, for columns.
    private var lineStart = 0
    /// How many bytes since there begin no character, for columns too.
    private var wideBytes = 0
    private var problems: [ParsedDocument.Problem] = []

    /// - Parameter depth: how deep values may be nested.
    init(_ bytes: UnsafeBufferPointer<UInt8>, depth: Int) {
        self.bytes = bytes
        limit = depth
        // Editors of one system begin files with a byte order mark.
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            index = 3
            lineStart = 3
        }
    }

    /// What was wrong with values that could be read all the same.
    mutating func takeProblems() -> [ParsedDocument.Problem] {
        defer { problems = [] }
        return problems
    }

    /// Whether something other than white space follows.
    mutating func hasMore() -> Bool {
        skipSpace()
        return index < bytes.count
    }

    mutating func requireEnd() throws(Failure) {
        guard !hasMore() else { throw failure("something follows its end") }
    }

    /// Reads a list object and calls `body` with each element of its `items`.
    mutating func list(_ body: (Node) -> Void) throws(Failure) -> Node {
        skipSpace()
        let start = mark
        guard next == UInt8(ascii: "{") else { return try value(depth: 0) }
        var entries: [Node.Entry] = []
        try members { reader, key, keyMark throws(Failure) in
            reader.skipSpace()
            if key == "items", reader.next == UInt8(ascii: "[") {
                try reader.elements { reader throws(Failure) in body(try reader.value(depth: 2, as: .storedObject)) }
            } else {
                entries.append(Node.Entry(key: key, keyMark: keyMark, value: try reader.value(depth: 1)))
            }
        }
        return Node(.mapping(entries), mark: start)
    }

    mutating func value(depth: Int, as role: Role = .value) throws(Failure) -> Node {
        skipSpace()
        let start = mark
        guard depth <= limit else { throw Failure(message: "is nested deeper than \(limit) levels", mark: start) }
        switch next {
        case UInt8(ascii: "{"):
            var entries: [Node.Entry] = []
            try members { reader, key, keyMark throws(Failure) in
                guard role.isRead(key) else {
                    try reader.skipValue(depth: depth + 1)
                    return
                }
                let value = try reader.value(depth: depth + 1, as: role.role(of: key))
                if entries.contains(where: { $0.key == key }) {
                    reader.problems.append(
                        ParsedDocument.Problem(
                            message: "is there twice in one object", value: key, expected: "each key once", example: nil,
                            mark: keyMark))
                    return
                }
                entries.append(Node.Entry(key: key, keyMark: keyMark, value: value))
            }
            return Node(.mapping(entries), mark: start)
        case UInt8(ascii: "["):
            var elements: [Node] = []
            let elementRole = role.elementRole
            try self.elements { reader throws(Failure) in
                elements.append(try reader.value(depth: depth + 1, as: elementRole))
            }
            return Node(.sequence(elements), mark: start)
        case UInt8(ascii: "\""): return Node(.scalar(.string(try string())), mark: start)
        default: return Node(.scalar(try literal()), mark: start)
        }
    }

    // MARK: - Structure

    private mutating func members(_ body: (inout JSONReader, String, Node.Mark) throws(Failure) -> Void) throws(Failure) {
        index += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return }
        while true {
            skipSpace()
            let keyMark = mark
            guard next == UInt8(ascii: "\"") else { throw failure("a key in quotes is missing") }
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure("a colon is missing after a key") }
            try body(&self, key, keyMark)
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { throw failure("an object does not end") }
            return
        }
    }

    private mutating func elements(_ body: (inout JSONReader) throws(Failure) -> Void) throws(Failure) {
        index += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return }
        while true {
            try body(&self)
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "]")) else { throw failure("an array does not end") }
            return
        }
    }

    /// Reads over a value, looking only for where it ends: what is skipped need not be well formed inside.
    private mutating func skipValue(depth: Int) throws(Failure) {
        skipSpace()
        if next == UInt8(ascii: "\"") {
            skipString()
            guard take(UInt8(ascii: "\"")) else { throw failure("a string does not end") }
            return
        }
        guard next == UInt8(ascii: "{") || next == UInt8(ascii: "[") else {
            _ = try value(depth: depth)
            return
        }
        var open = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""): skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["): open += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                open -= 1
                if open == 0 {
                    index += 1
                    return
                }
            case UInt8(ascii: "\n"):
                line += 1
                (lineStart, wideBytes) = (index + 1, 0)
            default: break
            }
            index += 1
        }
        index = bytes.count
        throw failure("a value does not end")
    }

    /// Goes from the quote that begins a string to the one that ends it, or past the end when there is none.
    private mutating func skipString() {
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            if Self.continuesCharacter(bytes[index]) { wideBytes += 1 }
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
    }

    // MARK: - Scalars

    private mutating func literal() throws(Failure) -> Scalar {
        let begin = index
        while index < bytes.count, Self.isInLiteral(bytes[index]) { index += 1 }
        let word = bytes[begin..<index]
        if word.elementsEqual("true".utf8) { return .bool(true) }
        if word.elementsEqual("false".utf8) { return .bool(false) }
        if word.elementsEqual("null".utf8) { return .null }
        if let number = Self.number(word) { return number }
        index = begin
        throw failure(begin < bytes.count ? "a value is missing or misspelt" : "it ends where a value should be")
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?` and nothing else.
    private static func number(_ word: Slice<UnsafeBufferPointer<UInt8>>) -> Scalar? {
        var rest = word
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let whole = rest.prefix(while: isDigit)
        guard !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else { return nil }
        rest = rest.dropFirst(whole.count)
        let text = String(decoding: word, as: UTF8.self)
        if rest.isEmpty { return Int(text).map(Scalar.integer) ?? Double(text).map(Scalar.float) }
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix(while: isDigit)
            guard !digits.isEmpty else { return nil }
            rest = rest.dropFirst(digits.count + 1)
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
            let digits = rest.prefix(while: isDigit)
            guard !digits.isEmpty else { return nil }
            rest = rest.dropFirst(digits.count)
        }
        return rest.isEmpty ? Double(text).map(Scalar.float) : nil
    }

    private mutating func string() throws(Failure) -> String {
        let start = mark
        index += 1
        let begin = index
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                let text = String(validating: bytes[begin..<index], as: UTF8.self)
                index += 1
                guard let text else { throw Failure(message: Self.message("text is not UTF-8"), mark: start) }
                return text
            case UInt8(ascii: "\\"): return try escapedString(from: begin, start: start)
            case 0..<0x20: throw failure("a string holds a control character")
            case 0x80..<0xC0:
                wideBytes += 1
                index += 1
            default: index += 1
            }
        }
        throw Failure(message: Self.message("a string does not end"), mark: start)
    }

    private mutating func escapedString(from begin: Int, start: Node.Mark) throws(Failure) -> String {
        var text = Array(bytes[begin..<index])
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                guard let text = String(validating: text, as: UTF8.self) else {
                    throw Failure(message: Self.message("text is not UTF-8"), mark: start)
                }
                return text
            case UInt8(ascii: "\\"):
                index += 1
                text += try escape()
            case 0..<0x20: throw failure("a string holds a control character")
            default:
                if Self.continuesCharacter(byte) { wideBytes += 1 }
                text.append(byte)
                index += 1
            }
        }
        throw Failure(message: Self.message("a string does not end"), mark: start)
    }

    /// What stands after a backslash.
    private mutating func escape() throws(Failure) -> [UInt8] {
        guard let byte = next else { throw failure("a string does not end") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var code = try codeUnit()
            // Characters beyond the first 65536 are two units; half of one is no character.
            if (0xD800..<0xDC00).contains(code), take(UInt8(ascii: "\\")) {
                guard take(UInt8(ascii: "u")) else { throw failure("a string holds half a character") }
                let low = try codeUnit()
                guard (0xDC00..<0xE000).contains(low) else { throw failure("a string holds half a character") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("a string holds half a character") }
            return Array(String(Character(scalar)).utf8)
        default:
            index -= 1
            throw failure("a string holds an escape that JSON does not have")
        }
    }

    private mutating func codeUnit() throws(Failure) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("a string holds \\u without four hexadecimal digits")
            }
            code = code << 4 + UInt32(digit)
            index += 1
        }
        return code
    }

    // MARK: - Bytes

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }
    private var mark: Node.Mark { Node.Mark(line: line, column: index - lineStart - wideBytes + 1) }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0D: index += 1
            case 0x0A:
                index += 1
                line += 1
                (lineStart, wideBytes) = (index, 0)
            default: return
            }
        }
    }

    private func failure(_ reason: String) -> Failure { Failure(message: Self.message(reason), mark: mark) }
    private static func message(_ reason: String) -> String { "is not valid JSON: \(reason)" }
    /// In UTF-8.
    private static func continuesCharacter(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isInLiteral(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "+-.".utf8.contains(byte)
        }
    }
}
