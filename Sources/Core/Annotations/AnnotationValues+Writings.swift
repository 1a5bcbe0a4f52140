/// Whose config snippets `--disable-config-snippets` can switch off: those for backends, for frontends, and for the `global` section.
public enum SnippetKind: String, Hashable, Sendable, CaseIterable {
    case backend, frontend, global
}

extension AnnotationValues {
    /// Everything that is written under a key, nearest scope first, whether it is in force or not.
    private func writings(of key: KeyReference) -> [(scope: Scope, object: ObjectKey, entry: AnnotationSet.Entry)] {
        noteAsking(for: key)
        return sets.filter { key.scopes.contains($0.scope) }.flatMap { scope, set in
            key.allNames.compactMap { name in set.entries[name].map { (scope, set.object, $0) } }
        }
    }

    /// Tells whoever wrote one of these keys on an Ingress or a Service that it does nothing, because another key is missing or
    /// says otherwise. The operator's ConfigMap is not asked: what it holds may wait for an Ingress that uses it.
    ///
    /// The values are looked at all the same, so that mistakes show before they matter; they close nothing.
    ///
    /// - Parameters:
    ///   - why: completes "the value ...", such as "has no effect without rate-limit-requests".
    ///   - object: whose keys are meant; nil for everybody's.
    public func warnIdle(_ keys: [KeyReference], _ why: String, on object: ObjectKey? = nil) {
        for key in keys {
            for (scope, owner, entry) in writings(of: key) where object.map({ $0 == owner }) ?? true {
                if let flaw = key.flaw(of: entry, on: owner) {
                    note(AnnotationError(flaw))
                } else if scope > .configMap {
                    note(
                        AnnotationError(Finding(.warning, object: owner, key: entry.writtenKey, value: entry.raw, why)))
                }
            }
        }
    }

    /// Notes all values of a handler's keys that cannot be read where one could not, so that their owner hears of all mistakes at
    /// once: a handler stops at the first one that it cannot do without.
    ///
    /// - Parameter failure: why there is no setting, which is told already.
    func noteFurtherFlaws(of keys: [KeyReference], besides failure: (any Error)?) {
        guard failure != nil || !findings.isEmpty else { return }
        let told = (failure as? AnnotationError)?.finding
        for key in keys {
            for (_, owner, entry) in writings(of: key) {
                guard let flaw = key.flaw(of: entry, on: owner), told?.isAbout(flaw) != true,
                    !findings.contains(where: { $0.isAbout(flaw) })
                else { continue }
                note(AnnotationError(flaw))
            }
        }
    }

    /// The snippet in force; nil where there is none, and where the operator switched snippets of its kind off, which everybody
    /// who wrote one is told.
    public func snippet(_ key: AnnotationKey<ConfigSnippet>, for kind: SnippetKind) throws -> ConfigSnippet? {
        guard environment.disabledSnippets.contains(kind) else {
            let snippet = try resolved(key)
            try snippet?.require(snippet?.value.lines.count ?? 0, "lines", within: .snippetLines, of: environment.limits)
            return snippet?.value
        }
        for (_, owner, entry) in writings(of: key.reference) {
            note(
                AnnotationError(
                    Finding(
                        .error, object: owner, key: entry.writtenKey, value: entry.raw,
                        "is switched off by --disable-config-snippets")))
        }
        return nil
    }
}

extension KeyReference {
    /// What is wrong with a written value; nil when the key accepts it.
    func flaw(of entry: AnnotationSet.Entry, on object: ObjectKey) -> Finding? {
        if let refusal = entry.refusal {
            return Finding(.error, object: object, key: entry.writtenKey, value: String(entry.raw.prefix(40)), refusal)
        }
        do {
            try validate(entry.raw)
            return nil
        } catch {
            return Finding(
                .error, object: object, key: entry.writtenKey, value: entry.raw, (error as? ValueError)?.message ?? "\(error)",
                expected: expected, example: example)
        }
    }
}

extension Finding {
    /// Whether both are errors of one annotation.
    fileprivate func isAbout(_ other: Finding) -> Bool { severity == .error && object == other.object && key == other.key }
}
