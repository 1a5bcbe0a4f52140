import Core

/// What is wrong with objects, and what of it is still to be told.
///
/// Each namespace has a budget of messages, so that an object that changes all the time fills neither the log nor the cluster's Events.
/// A finding that finds no room waits as long as it is there; one that goes meanwhile is counted only.
struct FindingLog {
    /// What there is to tell.
    struct Changes {
        var new: [Finding] = []
        /// Told before, and mended.
        var gone: [Finding] = []
        /// As ``gone``, of those for which there is room in the log.
        var goneForLog: [Finding] = []
        /// How many messages were left out.
        var notes: [String] = []
        /// When there may be more to tell.
        var wait: Duration?
    }

    typealias Instant = ContinuousClock.Instant

    private struct Namespace {
        var budget: EventBudget
        /// New findings that found no room yet.
        var waiting: Set<Finding> = []
        /// Messages that are never told.
        var leftOut = 0
        var lastNote: Instant?

        var isBehind: Bool { leftOut > 0 || !waiting.isEmpty }
    }

    private var present: Set<Finding> = []
    private var fromSource: Set<Finding> = []
    /// Errors by what they are about.
    private var errors: [String: Int] = [:]
    /// Those of ``present`` that were told, and those that were told and are gone since the last call.
    private var told: Set<Finding> = []
    private var gone: Set<Finding> = []
    /// New since the last call.
    private var new: Set<Finding> = []
    private var namespaces: [String: Namespace] = [:]
    /// The namespaces with something that waits or was left out.
    private var behind: Set<String> = []
    private let burst: Int
    private static let interval = Duration.seconds(1)
    /// How often is told how many messages were left out.
    private static let notePeriod = Duration.seconds(60)

    /// - Parameter burst: how many messages about the objects of one namespace are told at once; further ones follow, one a second.
    init(burst: Int) { self.burst = burst }

    /// All that is wrong now.
    var all: Set<Finding> { present }

    /// The source tells all that it finds each time.
    mutating func take(fromSource findings: [Finding]) {
        let current = Set(findings)
        let (new, gone) = (current.subtracting(fromSource), fromSource.subtracting(current))
        fromSource = current
        take(new: new.filter { !present.contains($0) }, gone: Array(gone))
    }

    mutating func take(new: some Sequence<Finding>, gone: some Sequence<Finding>) {
        for finding in gone where present.remove(finding) != nil {
            count(finding, by: -1)
            if told.remove(finding) != nil {
                self.gone.insert(finding)
            } else if self.new.remove(finding) == nil, namespaces[finding.namespace]?.waiting.remove(finding) != nil {
                namespaces[finding.namespace]?.leftOut += 1
            }
        }
        for finding in new where present.insert(finding).inserted {
            count(finding, by: 1)
            if self.gone.remove(finding) != nil { told.insert(finding) } else { self.new.insert(finding) }
        }
    }

    private mutating func count(_ finding: Finding, by difference: Int) {
        guard finding.severity == .error, let about = finding.object?.description ?? finding.location?.file else { return }
        errors[about, default: 0] += difference
        if errors[about] == 0 { errors[about] = nil }
    }

    private static func sorted(_ findings: Set<Finding>) -> [Finding] {
        findings.map { (text: $0.description, finding: $0) }.sorted { $0.text < $1.text }.map(\.finding)
    }

    /// How many objects, or files that hold no readable object, have errors.
    var rejectedObjects: Int { errors.count }

    /// What came and went since the last call, as far as there is room for it.
    mutating func takeChanges(now: Instant) -> Changes {
        var changes = Changes()
        for name in Set(new.map(\.namespace)).union(gone.map(\.namespace)) where namespaces[name] == nil {
            namespaces[name] = Namespace(budget: EventBudget(burst: burst, interval: Self.interval, now: now))
        }
        for finding in Self.sorted(new) { tell(finding, now, &changes) }
        for name in behind {
            // Any of them: all are told in the end.
            while let finding = namespaces[name]?.waiting.first, tell(finding, now, &changes) {}
        }
        changes.gone = Self.sorted(gone)
        for finding in changes.gone {
            if namespaces[finding.namespace]?.budget.take(now: now) == nil {
                changes.goneForLog.append(finding)
            } else {
                namespaces[finding.namespace]?.leftOut += 1
                behind.insert(finding.namespace)
            }
        }
        (new, gone) = ([], [])
        for name in behind.sorted() { note(name, now, &changes) }
        return changes
    }

    /// - Returns: whether there was room.
    @discardableResult
    private mutating func tell(_ finding: Finding, _ now: Instant, _ changes: inout Changes) -> Bool {
        let name = finding.namespace
        guard namespaces[name]?.budget.take(now: now) == nil else {
            namespaces[name]?.waiting.insert(finding)
            behind.insert(name)
            return false
        }
        namespaces[name]?.waiting.remove(finding)
        told.insert(finding)
        changes.new.append(finding)
        return true
    }

    /// Tells now and then that messages about a namespace are missing, and when to look again.
    private mutating func note(_ name: String, _ now: Instant, _ changes: inout Changes) {
        guard var namespace = namespaces[name], namespace.isBehind else {
            behind.remove(name)
            return
        }
        let next = namespace.lastNote.map { $0 + Self.notePeriod } ?? now
        if next <= now {
            changes.notes.append(
                """
                too many messages about objects of namespace \(name.quotedForPeople): \(namespace.leftOut) are left out and \
                \(namespace.waiting.count) wait; /findings of the admin endpoint has all that is wrong now, and --limits \
                log-lines=NUMBER raises how many are told at once
                """)
            (namespace.lastNote, namespace.leftOut) = (now, 0)
            namespaces[name] = namespace
            if !namespace.isBehind { behind.remove(name) }
        }
        let wait = namespace.waiting.isEmpty ? max(.zero, next - now) : Self.interval
        if namespace.isBehind { changes.wait = min(changes.wait ?? wait, wait) }
    }
}

extension Finding {
    /// The namespace of the object; empty for what is in none.
    fileprivate var namespace: String { object?.namespace ?? "" }
}
