/// A sample fetch that tenants may use.
struct SampleFetch: Hashable, Sendable {
    /// When HAProxy has the sample.
    enum Availability: String, Hashable, Sendable {
        /// From the connection or from nothing: at any time, without HTTP too.
        case connection
        /// From the request, and kept until the response.
        case always
        case request
        case response
        /// From whichever message the rule is about.
        case message
    }

    let name: String
    let output: SampleType
    let availability: Availability
    let signature: SampleSignature
    /// Whether ACLs have it with a match method in its name, such as `path_beg`.
    let hasMatchingForms: Bool

    init(
        _ name: String, _ output: SampleType, _ availability: Availability, _ arguments: [SampleArgument] = [],
        required: Int = 0, hasMatchingForms: Bool = false
    ) {
        self.name = name
        self.output = output
        self.availability = availability
        signature = SampleSignature(arguments, required: required)
        self.hasMatchingForms = hasMatchingForms
    }

    /// The fetches by name.
    static let known: [String: SampleFetch] = Dictionary(
        uniqueKeysWithValues: (constants + connection + tls + request + response).map { ($0.name, $0) })
}
