/// One document of a file.
struct ParsedDocument {
    /// nil for an empty document.
    var root: Node?
    /// What makes the document unusable although the text after it can still be read, such as a key that is there twice.
    var problems: [Problem] = []

    struct Problem {
        var message: String
        var value: String?
        var expected: String?
        var example: String?
        var mark: Node.Mark
    }
}

/// How much a document may make of itself.
struct DocumentLimits {
    /// Levels of sequences and mappings; Kubernetes objects need about 20.
    var depth = 100
    /// Nodes that aliases may stand for in one document: "billion laughs" multiplies a few lines into billions.
    var aliasedNodes = 100_000
}
