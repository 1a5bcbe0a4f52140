/// Why something could not be measured, or a count that a benchmark does not let pass.
public struct BenchmarkFailure: Error, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
