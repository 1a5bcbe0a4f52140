/// The versions of objects, values of keys and files that HAProxy itself refused.
public struct Refusals: Sendable {
    private struct Text: Hashable {
        let key: String
        let value: String
    }

    private struct Version {
        let object: KubernetesObject
        let reason: String
        /// Whether the object is that version now.
        var isInForce: Bool
        /// Whether HAProxy may take it: it is left out only because it was when HAProxy took everything last.
        var isProvisional = false
    }

    /// Tells files apart without keeping what is in them.
    private struct FileID: Hashable {
        let path: String
        let digest: [UInt8]

        init(_ file: ConfigurationFile) { (path, digest) = (file.path, Digest.sha256(file.content)) }
    }

    private var texts: [ObjectKey: [Text: String]] = [:]
    private var versions: [ObjectKey: [Version]] = [:]
    private var files: [FileID: String] = [:]
    private var filesByAge: [FileID] = []

    /// With more of them the oldest are forgotten: HAProxy is asked about them again when they are read again.
    private static let mostFiles = 10_000

    public init() {}

    var isEmpty: Bool { texts.isEmpty && versions.isEmpty && files.isEmpty }
    public var count: Int {
        texts.values.reduce(0) { $0 + $1.count } + versions.values.count { $0.contains(where: \.isInForce) } + files.count
    }

    // MARK: - Objects

    /// A version of an object counts as not there, and routes of a refused Ingress or Service are closed.
    ///
    /// - Parameters:
    ///   - isInForce: whether the object is that version now.
    ///   - isProvisional: whether ``endProvisional(_:)`` lifts it.
    public mutating func refuse(
        _ object: KubernetesObject, reason: String, isInForce: Bool = true, isProvisional: Bool = false
    ) {
        var known = versions[object.key] ?? []
        known.removeAll { $0.object == object }
        known.append(Version(object: object, reason: reason, isInForce: isInForce, isProvisional: isProvisional))
        versions[object.key] = known
    }

    /// The object is another version from now on.
    ///
    /// - Parameter version: nil when it is gone.
    /// - Returns: whether it is refused now and was not, or the other way round.
    mutating func noteChange(of object: ObjectKey, to version: KubernetesObject?) -> Bool {
        guard !versions.isEmpty, var known = versions[object] else { return false }
        let wasRefused = known.contains(where: \.isInForce)
        for index in known.indices { known[index].isInForce = known[index].object == version }
        versions[object] = known
        return known.contains(where: \.isInForce) != wasRefused
    }

    /// The object may be tried again.
    ///
    /// - Returns: whether it was refused.
    @discardableResult
    public mutating func lift(_ object: ObjectKey) -> Bool { lift(object) { $0.isInForce } }

    /// Ends a provisional refusal.
    ///
    /// - Returns: whether there was one.
    mutating func endProvisional(_ object: ObjectKey) -> Bool { lift(object) { $0.isInForce && $0.isProvisional } }

    private mutating func lift(_ object: ObjectKey, where isLifted: (Version) -> Bool) -> Bool {
        guard !versions.isEmpty, let known = versions[object] else { return false }
        let left = known.filter { !isLifted($0) }
        versions[object] = left.isEmpty ? nil : left
        return left.count < known.count
    }

    func refusal(of object: ObjectKey) -> String? {
        versions.isEmpty ? nil : versions[object]?.first(where: \.isInForce)?.reason
    }

    // MARK: - Files

    /// A file that HAProxy cannot load, such as a certificate with a key that is too weak for it.
    public mutating func refuse(_ file: ConfigurationFile, reason: String) {
        let id = FileID(file)
        if files.updateValue(reason, forKey: id) == nil { filesByAge.append(id) }
        if filesByAge.count > Self.mostFiles { files[filesByAge.removeFirst()] = nil }
    }

    func refusal(of file: ConfigurationFile) -> String? { files.isEmpty ? nil : files[FileID(file)] }

    // MARK: - Values

    public mutating func refuse(_ object: ObjectKey, key: String, value: String, reason: String) {
        texts[object, default: [:]][Text(key: key, value: value)] = reason
    }

    /// The value may be tried again.
    public mutating func lift(_ object: ObjectKey, key: String, value: String) {
        texts[object]?[Text(key: key, value: value)] = nil
        if texts[object]?.isEmpty == true { texts[object] = nil }
    }

    /// Whether a value of the key is refused.
    func concern(_ object: ObjectKey, key: String) -> Bool { texts[object]?.keys.contains { $0.key == key } ?? false }

    func refusal(of object: ObjectKey, key: String, value: String) -> String? {
        texts.isEmpty ? nil : texts[object]?[Text(key: key, value: value)]
    }

    // MARK: - What is over

    /// Forgets what is refused of earlier versions of an object.
    ///
    /// - Parameter versions: those that may come into force, the present one among them; none for an object that is gone.
    public mutating func forget(_ object: ObjectKey, except kept: [KubernetesObject]) {
        if let left = versions[object]?.filter({ kept.contains($0.object) }) { versions[object] = left.isEmpty ? nil : left }
        guard let known = texts[object] else { return }
        let left = known.filter { text, _ in kept.contains { Self.holds(text, $0) } }
        texts[object] = left.isEmpty ? nil : left
    }

    /// Whether an object has a text, as the value of the key or as a line of it.
    private static func holds(_ text: Text, _ object: KubernetesObject) -> Bool {
        guard case .configMap(let configMap) = object else { return object.metadata.annotations[text.key] == text.value }
        guard let value = configMap.data[text.key] else { return false }
        return value == text.value || value.split(separator: "\n").contains { $0 == text.value }
    }
}
