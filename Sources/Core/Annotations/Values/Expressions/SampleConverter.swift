/// A converter that tenants may use.
struct SampleConverter: Hashable, Sendable {
    let name: String
    let output: SampleType
    let signature: SampleSignature

    init(_ name: String, _ output: SampleType, _ arguments: [SampleArgument] = [], required: Int = 0) {
        self.name = name
        self.output = output
        signature = SampleSignature(arguments, required: required)
    }

    /// The converters by name.
    static let known: [String: SampleConverter] = Dictionary(
        uniqueKeysWithValues: (numbers + texts + hashes).map { ($0.name, $0) })
}
