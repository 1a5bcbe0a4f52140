/// A set of bytes, as a character class of a regular expression matches them.
struct ByteSet: Hashable, Sendable {
    private var words: SIMD4<UInt64> = .zero

    init() {}

    init(_ bytes: some Sequence<UInt8>) { for byte in bytes { insert(byte) } }

    init(_ text: String) { self.init(text.utf8) }

    static let all = ByteSet(UInt8.min...UInt8.max)

    mutating func insert(_ byte: UInt8) { words[Int(byte) / 64] |= 1 << UInt64(byte % 64) }

    func contains(_ byte: UInt8) -> Bool { words[Int(byte) / 64] & (1 << UInt64(byte % 64)) != 0 }

    mutating func formUnion(_ other: ByteSet) { words |= other.words }

    func union(_ other: ByteSet) -> ByteSet {
        var union = self
        union.formUnion(other)
        return union
    }

    func isDisjoint(with other: ByteSet) -> Bool { words & other.words == .zero }

    var complement: ByteSet {
        var complement = self
        complement.words = ~words
        return complement
    }

    /// With the other case of each ASCII letter.
    var ignoringCase: ByteSet {
        var both = self
        for letter in UInt8(ascii: "a")...UInt8(ascii: "z") where contains(letter) || contains(letter - 0x20) {
            both.insert(letter)
            both.insert(letter - 0x20)
        }
        return both
    }
}
