/// What is wrong with the objects. A value that many routes trip over is one finding.
struct FindingTable {
    private var counts: [Finding: Int] = [:]
    /// Whether findings that were touched were there before.
    private var before: [Finding: Bool] = [:]

    mutating func add(_ finding: Finding) {
        let count = counts[finding] ?? 0
        if count == 0, before[finding] == nil { before[finding] = false }
        counts[finding] = count + 1
    }

    mutating func remove(_ finding: Finding) {
        guard let count = counts[finding] else { return }
        if count == 1, before[finding] == nil { before[finding] = true }
        counts[finding] = count == 1 ? nil : count - 1
    }

    mutating func add(_ findings: [Finding]) { for finding in findings { add(finding) } }
    mutating func remove(_ findings: [Finding]) { for finding in findings { remove(finding) } }

    mutating func removeAll() {
        for finding in counts.keys where before[finding] == nil { before[finding] = true }
        counts = [:]
    }

    /// By object.
    var all: [Finding] { counts.keys.inOrder }

    /// What came and what went since the last call.
    mutating func takeChanges() -> (new: [Finding], gone: [Finding]) {
        defer { before = [:] }
        return (
            before.filter { !$0.value && counts[$0.key] != nil }.keys.inOrder,
            before.filter { $0.value && counts[$0.key] == nil }.keys.inOrder
        )
    }
}

extension Sequence where Element == Finding {
    fileprivate var inOrder: [Finding] {
        sorted { a, b in
            func rank(_ finding: Finding) -> (String, String, String, String) {
                (finding.object?.description ?? "", finding.key ?? "", finding.message, finding.value ?? "")
            }
            return rank(a) < rank(b)
        }
    }
}
