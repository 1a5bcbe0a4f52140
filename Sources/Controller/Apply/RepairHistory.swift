/// What was done about the places where HAProxy is not what it was given: the first time they are mended at run time, the second time by
/// a reload. A difference that is there after both is left alone until it is gone for once.
struct RepairHistory {
    /// By part of HAProxy that is compared at once, how often a difference was found in comparisons that followed each other.
    private var counts: [String: [String: Int]] = [:]

    private static let repairs = 2

    /// Differences that no repair ends.
    func hopeless(_ part: String) -> Set<String> {
        guard let counts = counts[part] else { return [] }
        return Set(counts.filter { $0.value >= Self.repairs }.keys)
    }

    /// A comparison has ended.
    ///
    /// - Parameters:
    ///   - found: differences that are about to be mended.
    ///   - left: those that are left as they are.
    /// - Returns: the differences that take a reload now, and those that are given up now.
    mutating func note(_ found: [String], left: Set<String>, in part: String) -> (stubborn: Set<String>, givenUp: Set<String>) {
        let old = counts[part] ?? [:]
        var new: [String: Int] = [:]
        for difference in left.union(found) { new[difference] = (old[difference] ?? 0) + 1 }
        counts[part] = new.isEmpty ? nil : new
        return (
            Set(found.filter { new[$0] == Self.repairs }), left.filter { new[$0] == Self.repairs + 1 }
        )
    }
}
