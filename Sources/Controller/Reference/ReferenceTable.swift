import Core

/// The annotation reference for a terminal.
struct ReferenceTable {
    let registry: AnnotationRegistry
    let terminal: Terminal

    /// A line for each key, by family.
    func overview() -> String {
        var rows = [["KEY", "SCOPES", "DEFAULT", "WHAT IT DOES"].map(terminal.bold)]
        for family in registry.families {
            rows.append([])
            rows.append([terminal.bold(family.name)])
            for key in family.handlers.flatMap(\.keys) {
                rows.append([
                    "  \(key.name)", scopeLetters(of: key), (key.defaultValue ?? "-").firstLine, key.summary.firstSentence,
                ])
            }
        }
        let legend = [
            "Scopes: C the controller's ConfigMap, I Ingress, S Service. The nearest to the Service wins.",
            "\(commandName) KEY shows everything about one key.",
        ]
        return lines(terminal.aligned(rows) + [""] + legend.flatMap { terminal.wrapped($0) }.map(terminal.dim))
    }

    private var commandName: String { "haproxy-ingress annotations" }

    /// Everything about one key; nil for a key that no handler reads.
    func detail(of written: String) -> String? {
        guard let key = registry.key(named: written), let handler = registry.handlerReference(reading: key) else { return nil }
        var text = [terminal.bold(key.name)] + terminal.wrapped(key.summary, indent: 2).map { "  \($0)" } + [""]
        text += terminal.aligned(facts(about: key, handler: handler).map { [terminal.dim($0.0), $0.1] }, indent: 2)
        text += ["", terminal.bold(handler.title)]
        text += terminal.wrapped(handler.summary, indent: 2).map { $0.isEmpty ? "" : "  \($0)" }
        let examples = handler.examples.filter { $0.manifest.contains(key.name) }
        for example in examples.isEmpty ? handler.examples : examples {
            text += ["", terminal.bold("Example: \(example.title)")] + indented(example.manifest)
            if !example.leadsTo.isEmpty { text += [terminal.dim("leads to")] + indented(example.leadsTo.joined(separator: "\n")) }
        }
        return lines(text)
    }

    private func facts(about key: KeyReference, handler: AnnotationReference) -> [(String, String)] {
        var facts: [(String, String)] = []
        if key.isAnnotation {
            let others = AnnotationRegistry.prefixes.dropFirst().map { "\($0)\(key.name)" } + ["\(key.name) (without a prefix)"]
            facts.append(("annotation", ([key.writtenName] + others + key.fullNames).joined(separator: "\n")))
        }
        if key.scopes.contains(.configMap) { facts.append(("ConfigMap key", key.name)) }
        if !key.olderNames.isEmpty { facts.append(("older names", key.olderNames.joined(separator: ", "))) }
        facts += [
            ("scopes", key.scopeTitles.joined(separator: ", ") + (key.scopes.count > 1 ? " (the later wins)" : "")),
            ("type", key.typeName), ("accepts", key.expected), ("for example", key.example),
            ("default", key.defaultValue ?? "nothing happens without the key"), ("acts on", key.acts.rawValue),
            ("since", key.since), ("changes", key.updateSentence),
        ]
        if let sentence = key.checkSentence { facts.append(("checks", sentence)) }
        if handler.isProtection {
            facts.append(("protection", "A value that cannot be used closes the route with 503 until it is mended."))
        } else if let sentence = handler.unreadableSentence {
            facts.append(("mistakes", sentence))
        }
        let others = handler.keys.map(\.name).filter { $0 != key.name }
        if !others.isEmpty { facts.append(("goes with", others.joined(separator: ", "))) }
        return facts
    }

    /// The key that was probably meant, as the end of an error message.
    func suggestion(for name: String) -> String {
        let prefix = AnnotationRegistry.prefixes.first { name.hasPrefix($0) } ?? ""
        let nearest = registry.nearestKey(to: String(name.dropFirst(prefix.count)))
        return nearest.map { "did you mean \($0)?" } ?? "\(commandName) lists all keys"
    }

    private func scopeLetters(of key: KeyReference) -> String {
        Scope.allCases.map { key.scopes.contains($0) ? String($0.title.prefix(1)) : "-" }.joined()
    }

    private func indented(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "    \($0)" }
        while lines.last == "" { lines.removeLast() }
        return lines
    }

    private func lines(_ lines: [String]) -> String { lines.joined(separator: "\n") + "\n" }
}

extension String {
    /// The text up to its first line break.
    var firstLine: String { String(prefix { !$0.isNewline }) }
}
