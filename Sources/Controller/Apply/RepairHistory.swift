/// What was done about the places where HAProxy is not what it was given: the first time they are mended at run time, the second time by
/// a reload. A difference that is there after both is left alone until it is gone.
///
/// A difference that comes and goes costs no reload each time: one that took a reload takes none until it has been gone for some
/// comparisons in a row.
struct RepairHistory {
    private struct Record {
        /// In comparisons that followed each other.
        var repairs = 0
        /// How many comparisons ago it took a reload; nil when it took none.
        var reloaded: Int?
        var isGivenUp = false

        var isHopeless: Bool { reloaded != nil && repairs > 0 }
    }

    /// By part of HAProxy that is compared at once, and by difference.
    private var records: [String: [String: Record]] = [:]

    /// How many comparisons without the difference make it a new one.
    private static let memory = 10

    /// Differences that no repair ends.
    func hopeless(_ part: String) -> Set<String> { Set((records[part] ?? [:]).filter(\.value.isHopeless).keys) }

    /// A comparison has ended.
    ///
    /// - Parameters:
    ///   - found: differences that are about to be mended.
    ///   - left: those that are left as they are.
    /// - Returns: the differences that take a reload now, and those that are given up now.
    mutating func note(_ found: [String], left: Set<String>, in part: String) -> (stubborn: Set<String>, givenUp: Set<String>) {
        var (stubborn, givenUp): (Set<String>, Set<String>) = ([], [])
        var new = (records[part] ?? [:]).compactMapValues { record -> Record? in
            guard let age = record.reloaded, age < Self.memory else { return nil }
            return Record(repairs: 0, reloaded: age + 1, isGivenUp: record.isGivenUp)
        }
        for difference in left {
            guard var record = records[part]?[difference] else { continue }
            if !record.isGivenUp { givenUp.insert(difference) }
            (record.reloaded, record.isGivenUp) = (0, true)
            new[difference] = record
        }
        for difference in found {
            var record = records[part]?[difference] ?? Record()
            record.repairs += 1
            if record.repairs == 2, record.reloaded == nil {
                stubborn.insert(difference)
                record.reloaded = 0
            }
            new[difference] = record
        }
        records[part] = new.isEmpty ? nil : new
        return (stubborn, givenUp)
    }
}
