extension AnnotationRegistry {
    /// The annotations of an object that handlers read, and what is wrong with the others under our prefixes.
    func annotationSet(of object: ObjectKey, annotations: [String: String], scope: Scope, limits: ResourceLimits)
        -> (AnnotationSet, [Finding])
    {
        var findings: [Finding] = []
        var entries = entries(of: object, annotations, isInOrder: false, scope: scope, &findings)
        if entries == nil {
            // Of two spellings of one key the one with our first prefix wins in every process.
            findings = []
            let sorted = annotations.sorted { Self.rank($0.key) < Self.rank($1.key) }
            entries = self.entries(of: object, sorted, isInOrder: true, scope: scope, &findings)
        }
        let chosen = withoutSurpassedBareKeys(entries ?? [:], object: object, &findings)
        findings += doubleNames(chosen, object: object)
        return (AnnotationSet(object: object, entries: Self.bounded(chosen, limits)), findings)
    }

    /// Leaves out keys without a prefix where the object has another name of the same key that has one.
    private func withoutSurpassedBareKeys(
        _ entries: [String: AnnotationSet.Entry], object: ObjectKey, _ findings: inout [Finding]
    ) -> [String: AnnotationSet.Entry] {
        var chosen = entries
        for (name, entry) in entries where Self.isBare(entry.writtenKey) {
            let names = keys[name]?.allNames ?? []
            let others = names.lazy.compactMap { entries[$0]?.writtenKey }
            guard let winner = others.first(where: { !Self.isBare($0) }) else { continue }
            chosen[name] = nil
            findings.append(Self.surpassed(entry.writtenKey, by: winner, object: object, raw: entry.raw))
        }
        return chosen
    }

    private static func surpassed(_ writtenKey: String, by winner: String, object: ObjectKey, raw: String) -> Finding {
        Finding(.warning, object: object, key: writtenKey, value: raw, "is not read because \(winner) is given too")
    }

    /// Refuses the longest values of an object whose annotations are too long together.
    private static func bounded(_ entries: [String: AnnotationSet.Entry], _ limits: ResourceLimits) -> [String: AnnotationSet
        .Entry]
    {
        let limit = limits[.annotationBytes]
        func size(_ entry: AnnotationSet.Entry) -> Int { entry.writtenKey.utf8.count + entry.raw.utf8.count }
        guard entries.values.reduce(0, { $0 + size($1) }) > limit else { return entries }
        var bounded = entries
        var sum = 0
        for (name, entry) in entries.sorted(by: { (size($0.value), $0.key) < (size($1.value), $1.key) }) {
            sum += size(entry)
            guard sum > limit else { continue }
            bounded[name] = AnnotationSet.Entry(
                writtenKey: entry.writtenKey, raw: entry.raw,
                refusal: "makes the object's annotations longer than they may be: \(limits.description(of: .annotationBytes))")
        }
        return bounded
    }

    /// - Returns: nil where the order of the annotations makes a difference and they are in none.
    private func entries(
        of object: ObjectKey, _ annotations: some Sequence<(key: String, value: String)>, isInOrder: Bool, scope: Scope,
        _ findings: inout [Finding]
    ) -> [String: AnnotationSet.Entry]? {
        var entries: [String: AnnotationSet.Entry] = [:]
        for (writtenKey, raw) in annotations {
            guard let name = name(ofAnnotation: writtenKey) else {
                if Self.isOurs(writtenKey) { findings.append(unknown(writtenKey, object: object, raw: raw)) }
                continue
            }
            guard let key = keys[name], key.scopes.contains(scope) else {
                if Self.isOurs(writtenKey) {
                    findings.append(misplaced(writtenKey, object: object, raw: raw, name: name, scope: scope))
                }
                continue
            }
            if let first = entries[name] {
                guard isInOrder else { return nil }
                // The same once more without a prefix is for those who read nothing else.
                if !(Self.isBare(writtenKey) && raw == first.raw) {
                    findings.append(Self.surpassed(writtenKey, by: first.writtenKey, object: object, raw: raw))
                }
                continue
            }
            entries[name] = AnnotationSet.Entry(writtenKey: writtenKey, raw: raw)
        }
        return entries
    }

    /// The settings of the controller's ConfigMap, whose keys have no prefix.
    func configMapSet(_ configMap: ConfigMap, object: ObjectKey) -> (AnnotationSet, [Finding]) {
        var entries: [String: AnnotationSet.Entry] = [:]
        var findings: [Finding] = []
        for (writtenKey, raw) in configMap.data.sorted(by: { $0.key < $1.key }) {
            guard let key = keys[writtenKey] else {
                findings.append(unknown(writtenKey, object: object, raw: raw))
                continue
            }
            guard key.scopes.contains(.configMap) else {
                findings.append(misplaced(writtenKey, object: object, raw: raw, name: writtenKey, scope: .configMap))
                continue
            }
            entries[writtenKey] = AnnotationSet.Entry(writtenKey: writtenKey, raw: raw)
        }
        findings += doubleNames(entries, object: object)
        return (AnnotationSet(object: object, entries: entries), findings)
    }

    private static func rank(_ written: String) -> String {
        let index = prefixes.firstIndex { written.hasPrefix($0) } ?? prefixes.count
        return "\(index)\(written)"
    }

    private func unknown(_ writtenKey: String, object: ObjectKey, raw: String) -> Finding {
        let prefix = Self.prefix(of: writtenKey) ?? ""
        let nearest = nearestKey(to: String(writtenKey.dropFirst(prefix.count))).map { prefix + $0 }
        return Finding(
            .warning, object: object, key: writtenKey, value: raw,
            nearest.map { "is not a key that the controller knows; did you mean \($0)?" }
                ?? "is not a key that the controller knows")
    }

    private func misplaced(_ writtenKey: String, object: ObjectKey, raw: String, name: String, scope: Scope) -> Finding {
        let scopes = keys[name]?.scopes.sorted().map(\.title).joined(separator: ", ") ?? ""
        return Finding(
            .warning, object: object, key: writtenKey, value: raw, "is not read on a \(scope.title)", expected: "it on: \(scopes)"
        )
    }

    private func doubleNames(_ entries: [String: AnnotationSet.Entry], object: ObjectKey) -> [Finding] {
        entries.compactMap { name, entry in
            guard let key = keys[name], name != key.name, let newer = entries[key.name] else { return nil }
            return Finding(
                .warning, object: object, key: entry.writtenKey, value: entry.raw,
                "is an older name of \(newer.writtenKey), which is given too and wins")
        }
    }
}
