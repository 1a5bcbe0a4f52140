/// The type of a sample (configuration manual, section 7.3), which decides how an ACL compares it unless `-m` says so.
enum SampleType: String, Hashable, Sendable {
    case boolean
    case integer
    case address
    case string
    case binary
    case method
    /// Known only when a request is there; an ACL has to name its match method.
    case undefined
}
