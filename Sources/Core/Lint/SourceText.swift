/// The bytes of a manifest, found by the places that its parser gives.
struct SourceText {
    let bytes: [UInt8]
    /// Where lines begin.
    private let lines: [Int]

    /// nil for what is not UTF-8: places in it cannot be told.
    init?(_ bytes: [UInt8], isJSON: Bool) {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        self.bytes = bytes
        var lines = [bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0]
        for index in bytes.indices where Self.endsLine(bytes, index, isJSON: isJSON) { lines.append(index + 1) }
        self.lines = lines
    }

    /// The line ends of YAML 1.1 (section 5.4), which libyaml counts; JSON has one.
    private static func endsLine(_ bytes: [UInt8], _ index: Int, isJSON: Bool) -> Bool {
        func follows(_ before: [UInt8]) -> Bool { bytes[..<index].suffix(before.count).elementsEqual(before) }
        switch bytes[index] {
        case 0x0A: return true
        case 0x0D: return !isJSON && (index + 1 == bytes.count || bytes[index + 1] != 0x0A)
        case 0x85: return !isJSON && follows([0xC2])
        case 0xA8, 0xA9: return !isJSON && follows([0xE2, 0x80])
        default: return false
        }
    }

    /// Columns count characters.
    private func offset(of mark: Node.Mark) -> Int? {
        guard lines.indices.contains(Int(mark.line) - 1) else { return nil }
        var offset = lines[Int(mark.line) - 1]
        for _ in 1..<max(1, Int(mark.column)) {
            offset += 1
            while offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset += 1 }
        }
        return offset < bytes.count ? offset : nil
    }

    /// A scalar as it is written.
    struct Token {
        /// Without quotes.
        let range: Range<Int>
        let isQuoted: Bool
    }

    /// The scalar that stands at a place and is written just as its text: without escapes, tags and line ends.
    func token(at mark: Node.Mark, holding text: String) -> Token? {
        guard let offset = offset(of: mark), !text.isEmpty else { return nil }
        let first = bytes[offset]
        let isQuoted = first == UInt8(ascii: "\"") || first == UInt8(ascii: "'")
        let start = isQuoted ? offset + 1 : offset
        let end = start + text.utf8.count
        guard end <= bytes.count, bytes[start..<end].elementsEqual(text.utf8) else { return nil }
        if isQuoted {
            guard end < bytes.count, bytes[end] == first else { return nil }
        } else {
            guard end == bytes.count || " \t\r\n:,]}".utf8.contains(bytes[end]) else { return nil }
        }
        return Token(range: start..<end, isQuoted: isQuoted)
    }

    /// A number, true or false of JSON as it is written.
    func literal(at mark: Node.Mark) -> String? {
        guard let offset = offset(of: mark) else { return nil }
        let word = bytes[offset...].prefix { byte in
            byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber)
                || "+-.".utf8.contains(byte)
        }
        return word.isEmpty ? nil : String(decoding: word, as: UTF8.self)
    }
}
