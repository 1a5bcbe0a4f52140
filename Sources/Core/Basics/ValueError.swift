/// Why a text is not a value of a type: what is wrong with it, in words that complete "the value ...".
public struct ValueError: Error, Hashable, Sendable {
    public let message: String
    public init(_ message: String) { self.message = message }
}
