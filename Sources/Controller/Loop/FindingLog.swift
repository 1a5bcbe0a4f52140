import Core

/// What is wrong with objects, and what of it is still to be told.
struct FindingLog {
    private var present: Set<Finding> = []
    private var fromSource: Set<Finding> = []
    /// Errors by what they are about.
    private var errors: [String: Int] = [:]
    /// Whether findings were told about, as far as that may have changed.
    private var before: [Finding: Bool] = [:]

    /// The source tells all that it finds each time.
    mutating func take(fromSource findings: [Finding]) {
        let current = Set(findings)
        let (new, gone) = (current.subtracting(fromSource), fromSource.subtracting(current))
        fromSource = current
        take(new: new.filter { !present.contains($0) }, gone: Array(gone))
    }

    mutating func take(new: some Sequence<Finding>, gone: some Sequence<Finding>) {
        for finding in gone where present.remove(finding) != nil { note(finding, wasThere: true) }
        for finding in new where present.insert(finding).inserted { note(finding, wasThere: false) }
    }

    private mutating func note(_ finding: Finding, wasThere: Bool) {
        if before[finding] == nil { before[finding] = wasThere }
        guard finding.severity == .error, let about = finding.object?.description ?? finding.location?.file else { return }
        errors[about, default: 0] += wasThere ? -1 : 1
        if errors[about] == 0 { errors[about] = nil }
    }

    /// How many objects, or files that hold no readable object, have errors.
    var rejectedObjects: Int { errors.count }

    /// What came and went since the last call.
    mutating func takeChanges() -> (new: [Finding], gone: [Finding]) {
        defer { before = [:] }
        let new = before.filter { !$0.value && present.contains($0.key) }.keys
        let gone = before.filter { $0.value && !present.contains($0.key) }.keys
        return (
            new.sorted { $0.description < $1.description }, gone.sorted { $0.description < $1.description }
        )
    }
}
