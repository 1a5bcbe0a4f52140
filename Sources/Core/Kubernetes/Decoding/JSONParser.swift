/// Parses JSON texts (RFC 8259) into the same nodes as YAML.
///
/// Foundation's parser was measured at a tenth of the speed and ten times the memory, which is what a first list of ten thousand
/// objects waits for; and it gives neither places nor duplicate keys.
public enum JSONParser {
    /// Parses one JSON text.
    ///
    /// - Throws: a ``Finding`` with the place of the error.
    public static func node(from bytes: some Sequence<UInt8>, file: String = "") throws(Finding) -> Node {
        try read(ContiguousArray(bytes), file: file) { reader throws(JSONReader.Failure) in try reader.value(depth: 0) }
    }

    /// Parses an event of a watch: its `type` and the `object` it is about, without the parts of it that nothing reads.
    ///
    /// - Throws: a ``Finding`` with the place of the error.
    public static func watchEvent(from bytes: some Sequence<UInt8>) throws(Finding) -> Node {
        try read(ContiguousArray(bytes), file: "") { reader throws(JSONReader.Failure) in
            try reader.value(depth: 0, as: .watchEvent)
        }
    }

    /// Parses the answer to a list request, handing over each element of `items` before the next is read, so that a long list
    /// costs no more memory than its text. The elements come without the parts that nothing reads.
    ///
    /// - Returns: the list without its items.
    /// - Throws: a ``Finding`` with the place of the error.
    public static func list(from bytes: [UInt8], _ body: (Node) -> Void) throws(Finding) -> Node {
        try read(ContiguousArray(bytes), file: "") { reader throws(JSONReader.Failure) in try reader.list(body) }
    }

    private static func read(
        _ bytes: ContiguousArray<UInt8>, file: String, _ body: (inout JSONReader) throws(JSONReader.Failure) -> Node
    ) throws(Finding) -> Node {
        let result = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(JSONReader.Failure) in
                var reader = JSONReader(buffer, depth: DocumentLimits().depth)
                let node = try body(&reader)
                try reader.requireEnd()
                return node
            }
        }
        do { return try result.get() } catch { throw error.finding(file) }
    }

    /// Calls `body` with each of the JSON texts that stand one after the other, as `kubectl` reads them.
    static func parse(
        _ bytes: [UInt8], file: String, limits: DocumentLimits = DocumentLimits(), _ body: (ParsedDocument) -> Void
    ) throws(Finding) {
        let result = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(JSONReader.Failure) in
                var reader = JSONReader(buffer, depth: limits.depth)
                while reader.hasMore() {
                    let node = try reader.value(depth: 0)
                    body(ParsedDocument(root: node.isNull ? nil : node, problems: reader.takeProblems()))
                }
            }
        }
        do { try result.get() } catch { throw error.finding(file) }
    }
}

extension JSONReader.Failure {
    fileprivate func finding(_ file: String) -> Finding {
        Finding(.error, message, location: mark.location(in: file))
    }
}
