/// A type, extension, protocol or type alias that a file declares.
struct Declaration: Equatable {
    enum Kind: Equatable {
        case type, `extension`, `protocol`, alias
    }

    let kind: Kind
    /// The name with those of the types around it, such as `Cookies.Persistence`.
    let name: String
    /// The last parts of the names that its inheritance clause (or the right side of an alias) lists.
    let inherited: [String]
    let isGeneric: Bool
    /// It, or a type around it, is private or fileprivate.
    let isPrivate: Bool
    /// It is declared in the body of a function or closure.
    let isLocal: Bool
    /// The `#if` around it whose condition only the build knows.
    let condition: String?
    let file: String
    let line: Int
}
