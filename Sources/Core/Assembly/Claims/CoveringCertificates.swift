/// A certificate that Ingresses of a namespace bring by `spec.tls`.
struct BroughtCertificate {
    /// The names that it is for and that clients can ask for.
    let names: [String]
    let algorithm: KeyAlgorithm
    let namespace: String
    private var uses: [ObjectKey: HostTable.Member] = [:]
    /// The oldest that brings it; nil where that has to be looked for.
    private var known: HostTable.Member?
    /// The oldest before it went.
    private var former: HostTable.Member?
    /// By which age it is entered under its names.
    var entered: HostTable.Member?

    init(names: [String], algorithm: KeyAlgorithm, namespace: String) {
        (self.names, self.algorithm, self.namespace) = (names, algorithm, namespace)
    }

    /// Whether an Ingress brings it.
    var isBrought: Bool { !uses.isEmpty }

    mutating func add(_ member: HostTable.Member) {
        let isFirst = uses.isEmpty
        uses[member.ingress] = member
        // An Ingress that is planned anew goes and comes back with its age, so that most changes look for nothing.
        let bound = known ?? former
        if isFirst || bound == member || bound.map({ member.isOlder(than: $0) }) == true { (known, former) = (member, nil) }
    }

    mutating func remove(_ ingress: ObjectKey) {
        uses[ingress] = nil
        if known?.ingress == ingress { (known, former) = (nil, known) }
    }

    /// The oldest Ingress that brings it; nil where none does.
    var oldest: HostTable.Member? {
        mutating get {
            if known == nil { known = uses.values.min { $0.isOlder(than: $1) } }
            former = nil
            return known
        }
    }
}

/// The certificates that are for a name, as Ingresses bring them.
struct CoveringCertificates {
    /// Those of each namespace, with the oldest Ingress that brings each.
    private var certificates: [String: [String: HostTable.Member]] = [:]
    /// The ages of all, the oldest first.
    private var ages: [HostTable.Member] = []

    var isEmpty: Bool { ages.isEmpty }

    mutating func insert(_ path: String, of member: HostTable.Member) {
        certificates[member.ingress.namespace, default: [:]][path] = member
        ages.insert(member, at: position(of: member))
    }

    mutating func remove(_ path: String, of member: HostTable.Member) {
        guard certificates[member.ingress.namespace]?.removeValue(forKey: path) != nil else { return }
        if certificates[member.ingress.namespace]?.isEmpty == true { certificates[member.ingress.namespace] = nil }
        let index = position(of: member)
        if index < ages.count, ages[index] == member { ages.remove(at: index) }
    }

    /// The oldest certificate of each kind of key, of one namespace.
    ///
    /// - Parameter namespace: which one; nil for that of the oldest Ingress.
    func paths(of namespace: String?, algorithm: (String) -> KeyAlgorithm?) -> [String] {
        guard let namespace = namespace ?? ages.first?.ingress.namespace else { return [] }
        let candidates = (certificates[namespace] ?? [:]).sorted { a, b in
            a.value == b.value ? a.key < b.key : a.value.isOlder(than: b.value)
        }
        var algorithms: Set<KeyAlgorithm> = []
        return candidates.map(\.key).filter { path in algorithm(path).map { algorithms.insert($0).inserted } ?? false }
    }

    /// The oldest Ingress that brings one.
    ///
    /// - Parameter namespace: nil for any.
    func oldest(of namespace: String?) -> HostTable.Member? {
        guard let namespace else { return ages.first }
        return certificates[namespace]?.values.min { $0.isOlder(than: $1) }
    }

    private func position(of member: HostTable.Member) -> Int {
        var (low, high) = (0, ages.count)
        while low < high {
            let middle = (low + high) / 2
            if ages[middle].isOlder(than: member) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
