/// Puts the lines of a stream together again, wherever its pieces were cut.
struct LineSplitter {
    private var pending: [UInt8] = []

    /// The lines that a further piece completes, without their ends.
    mutating func lines(adding chunk: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var rest = chunk[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(pending + rest[..<end])
            pending = []
            rest = rest[(end + 1)...]
        }
        pending += rest
        return lines.filter { !$0.isEmpty }
    }
}
