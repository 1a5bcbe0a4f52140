/// A place in a text as people count it.
struct LinePosition {
    var line = 1
    /// In bytes of UTF-8 from the line's beginning.
    var column = 1

    var mark: Node.Mark { Node.Mark(line: line, column: column) }

    init() {}

    init(offset: Int, in text: some Collection<UInt8>) {
        for byte in text.prefix(max(0, offset)) { advance(over: byte) }
    }

    mutating func advance(over byte: UInt8) {
        if byte == UInt8(ascii: "\n") {
            line += 1
            column = 1
        } else {
            column += 1
        }
    }
}
