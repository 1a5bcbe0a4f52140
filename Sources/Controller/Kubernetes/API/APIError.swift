/// Why the API server did not do what it was asked.
enum APIError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No answer came.
    case unreachable(HTTPClient.Failure)
    /// The answer was an error (Kubernetes API conventions, "Response Status Kind").
    case refused(Refusal)
    /// The answer cannot be read.
    case unreadable(url: String, reason: String)
    /// There is nothing to send as proof of who asks.
    case access(AccessError)

    struct Refusal: Hashable, Sendable {
        var method: String
        var url: String
        var status: Int
        /// In the API's own words; empty when it said nothing.
        var message: String
        /// Such as `Expired` or `Forbidden`.
        var reason: String
        /// How long the server wants to be left alone.
        var retryAfter: Duration?
    }

    /// Whether a list continues at, or a watch begins at, a version that the server no longer has.
    var isExpired: Bool {
        guard case .refused(let refusal) = self else { return false }
        return refusal.status == 410 || refusal.reason == "Expired" || refusal.reason == "Gone"
    }

    var isUnreachable: Bool { if case .unreachable = self { true } else { false } }
    var isForbidden: Bool { status == 403 }
    var isNotFound: Bool { status == 404 }
    var isConflict: Bool { status == 409 }

    var status: Int? {
        guard case .refused(let refusal) = self else { return nil }
        return refusal.status
    }

    var retryAfter: Duration? {
        guard case .refused(let refusal) = self else { return nil }
        return refusal.retryAfter
    }

    var description: String {
        switch self {
        case .unreachable(let failure): failure.description
        case .refused(let refusal):
            "\(refusal.method) \(refusal.url): \(refusal.status)\(refusal.message.isEmpty ? "" : ": \(refusal.message)")"
        case .unreadable(let url, let reason): "the answer of \(url) \(reason)"
        case .access(let error): error.description
        }
    }
}
