/// The parts of an object that cannot be used and are left out.
public struct LeftOutParts: Hashable, Sendable {
    /// What is wrong with them.
    public var findings: [Finding]
    /// Whether an API server would have refused the whole object for one of them.
    public var wouldBeRefused: Bool
}

/// What a document turned out to be.
public enum DecodedDocument: Sendable {
    case object(KubernetesObject, SourceLocation, LeftOutParts)
    /// A `List`, or a list of one kind such as `IngressList`.
    case list([DecodedDocument])
    /// A kind that the controller does not read, such as `apps/v1 Deployment web`; with a warning where the kind is one that it
    /// would read in a newer version.
    case skipped(String, warning: Finding?)
    /// An object that an API server would not have taken; the key when the object has a readable name.
    case refused(ObjectKey?, [Finding])
}

/// The objects of a file.
public struct DecodedFile: Sendable {
    /// In the order of the file, each key once.
    public var objects: [(object: KubernetesObject, location: SourceLocation)] = []
    public var findings: [Finding] = []
    /// What was skipped because the controller does not read its kind.
    public var skipped: [String] = []
    /// Objects that are in the file but were refused.
    public var refused: Set<ObjectKey> = []
    /// Those of ``objects`` that an API server would have refused for parts that are left out.
    public var incomplete: Set<ObjectKey> = []
    /// Where the parts of objects stand; only where that was asked for.
    public var outlines: [ObjectKey: ObjectOutline] = [:]
    /// Whether the whole text could be read; otherwise `objects` are those before the place where it is broken.
    public var isComplete = true

    public init() {}
}

/// Decodes the objects of a manifest: JSON when the file is named so or the text begins with `{` and is JSON, YAML otherwise.
/// Documents are decoded one after the other, so that a long file costs no more memory than its objects.
///
/// - Parameters:
///   - keepsOutlines: whether ``DecodedFile/outlines`` are wanted, which take about as much memory as the text.
///   - isLenient: whether annotations and settings that are numbers or booleans count as text after they were told, so that checks
///     find what is wrong with the rest of the object too. No API server takes such an object.
public func decodeDocuments(
    _ bytes: [UInt8], file: String, keepsOutlines: Bool = false, isLenient: Bool = false
) -> DecodedFile {
    func decoded(_ parse: Parse) -> DecodedFile {
        decode(
            bytes, decoder: ObjectDecoder(file: file, isLenient: isLenient), file: file, keepsOutlines: keepsOutlines,
            parse: parse)
    }
    if file.hasSuffix(".json") { return decoded(JSONParser.parse) }
    if bytes.first(where: { !$0.isSpace }) == UInt8(ascii: "{") {
        // A YAML mapping in braces begins the same way.
        let json = decoded(JSONParser.parse)
        if json.isComplete { return json }
    }
    return decoded(YAMLParser.parse)
}

private typealias Parse = (
    _ bytes: [UInt8], _ file: String, _ limits: DocumentLimits, _ body: (ParsedDocument) -> Void
) throws(Finding) -> Void

private func decode(
    _ bytes: [UInt8], decoder: ObjectDecoder, file: String, keepsOutlines: Bool, parse: Parse
) -> DecodedFile {
    var decoded = DecodedFile()
    var locations: [ObjectKey: SourceLocation] = [:]
    do {
        try parse(bytes, file, DocumentLimits()) { document in
            guard let result = decoder.decode(document) else { return }
            decoded.add(result, locations: &locations)
            guard keepsOutlines, let root = document.root else { return }
            for outline in ObjectOutline.objects(in: root) where decoded.outlines[outline.object] == nil {
                decoded.outlines[outline.object] = outline
            }
        }
    } catch {
        decoded.findings.append(error)
        decoded.isComplete = false
    }
    return decoded
}

extension DecodedFile {
    fileprivate mutating func add(_ document: DecodedDocument, locations: inout [ObjectKey: SourceLocation]) {
        switch document {
        case .object(let object, let location, let parts):
            findings += parts.findings
            let key = object.key
            if parts.wouldBeRefused { incomplete.insert(key) }
            if let first = locations[key] {
                findings.append(
                    Finding(
                        .error, object: key, "is there twice; the one at \(first) is in force", expected: "each object once",
                        location: location))
            } else {
                locations[key] = location
                objects.append((object, location))
            }
        case .list(let documents):
            for document in documents { add(document, locations: &locations) }
        case .skipped(let description, let warning):
            skipped.append(description)
            if let warning { findings.append(warning) }
        case .refused(let key, let found):
            findings += found
            if let key { refused.insert(key) }
        }
    }
}

extension UInt8 {
    fileprivate var isSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
