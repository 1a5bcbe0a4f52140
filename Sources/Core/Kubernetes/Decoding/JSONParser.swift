import Foundation

/// Parses JSON texts into the same nodes as YAML. Values carry the place where their text begins.
public enum JSONParser {
    /// Parses one JSON text, such as an answer of the API server.
    /// - Throws: a ``Finding`` with the place of the error.
    public static func node(from bytes: some Collection<UInt8>, file: String = "") throws(Finding) -> Node {
        try node(from: Data(bytes), file: file, start: LinePosition(), depth: DocumentLimits().depth)
    }

    /// Calls `body` with each of the JSON texts that stand one after the other, as `kubectl` reads them.
    static func parse(
        _ bytes: [UInt8], file: String, limits: DocumentLimits = DocumentLimits(), _ body: (ParsedDocument) -> Void
    ) throws(Finding) {
        var texts = JSONTexts(bytes)
        while let text = texts.next() {
            let node = try node(from: Data(bytes[text.range]), file: file, start: text.start, depth: limits.depth)
            body(ParsedDocument(root: node.isNull ? nil : node))
        }
    }

    private static func node(from data: Data, file: String, start: LinePosition, depth: Int) throws(Finding) -> Node {
        let value: Any
        do {
            value = try JSONSerialization.jsonObject(with: data, options: [.fragmentsAllowed])
        } catch {
            throw finding(error as NSError, data: data, file: file, start: start)
        }
        let builder = NodeBuilder(mark: start.mark, depth: depth)
        do {
            return try builder.node(value, depth: 0)
        } catch {
            throw Finding(.error, "is nested deeper than \(depth) levels", location: start.mark.location(in: file))
        }
    }

    private static func finding(_ error: NSError, data: Data, file: String, start: LinePosition) -> Finding {
        let description = error.userInfo["NSDebugDescription"] as? String ?? error.localizedDescription
        // Foundation on Linux gives the offset in its text only: "Invalid value around character 11."
        var offset = error.userInfo["NSJSONSerializationErrorIndex"] as? Int
        var reason = description
        if let found = description.firstMatch(of: /(.*?)(?: around|, at)? character (\d+)\.?/) {
            offset = offset ?? Int(found.2)
            reason = String(found.1)
        }
        var position = start
        for byte in data.prefix(offset ?? data.count) { position.advance(over: byte) }
        while reason.last == "." { reason.removeLast() }
        return Finding(
            .error, "is not valid JSON: \(reason.prefix(1).lowercased() + reason.dropFirst())",
            location: position.mark.location(in: file))
    }
}

private struct TooDeep: Error {}

/// Turns what JSONSerialization made into nodes.
private struct NodeBuilder {
    let mark: Node.Mark
    let depth: Int

    func node(_ value: Any, depth: Int) throws(TooDeep) -> Node {
        guard depth <= self.depth else { throw TooDeep() }
        switch value {
        case let text as String:
            return Node(.scalar(.string(text)), mark: mark)
        case let object as [String: Any]:
            var entries: [Node.Entry] = []
            entries.reserveCapacity(object.count)
            for (key, value) in object {
                entries.append(Node.Entry(key: key, keyMark: mark, value: try node(value, depth: depth + 1)))
            }
            return Node(.mapping(entries), mark: mark)
        case let array as [Any]:
            var elements: [Node] = []
            elements.reserveCapacity(array.count)
            for element in array { elements.append(try node(element, depth: depth + 1)) }
            return Node(.sequence(elements), mark: mark)
        case let number as NSNumber:
            return Node(.scalar(scalar(number)), mark: mark)
        default:
            return Node(.scalar(.null), mark: mark)
        }
    }

    private func scalar(_ number: NSNumber) -> Scalar {
        switch UInt8(bitPattern: number.objCType.pointee) {
        // Of the types that JSONSerialization makes, only booleans are chars.
        case UInt8(ascii: "c"), UInt8(ascii: "B"): .bool(number.boolValue)
        case UInt8(ascii: "d"), UInt8(ascii: "f"), UInt8(ascii: "Q"): .float(number.doubleValue)
        default: .integer(number.intValue)
        }
    }
}

/// The JSON texts of a file: where each begins and ends, found by counting brackets.
private struct JSONTexts {
    private let bytes: [UInt8]
    private var index = 0
    private var position = LinePosition()

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    mutating func next() -> (range: Range<Int>, start: LinePosition)? {
        while index < bytes.count, isSpace(bytes[index]) { step() }
        guard index < bytes.count else { return nil }
        let (first, start) = (index, position)
        var open = 0
        var isInString = false
        while index < bytes.count {
            let byte = bytes[index]
            step()
            if isInString {
                if byte == UInt8(ascii: "\\"), index < bytes.count {
                    step()
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): open += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                open -= 1
                if open <= 0 { return (first..<index, start) }
            default: break
            }
        }
        return (first..<index, start)
    }

    private mutating func step() {
        position.advance(over: bytes[index])
        index += 1
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }
}
