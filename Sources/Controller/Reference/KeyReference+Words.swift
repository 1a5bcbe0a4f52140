import Core

extension KeyReference {
    /// The places where the key can be written, farthest first: the later ones win.
    var scopeTitles: [String] { scopes.sorted().map(\.title) }

    /// The name as an annotation of an Ingress or Service is written; the bare name for keys of the ConfigMap alone.
    var writtenName: String { isAnnotation ? AnnotationRegistry.prefixes[0] + name : name }

    /// Whether the key can stand on an Ingress or Service.
    var isAnnotation: Bool { scopes.contains(.ingress) || scopes.contains(.service) }

    /// How a changed value reaches HAProxy, to stand in a table.
    var updateTitle: String {
        switch update {
        case .map: "no reload (map)"
        case .runtime: "no reload (runtime)"
        case .reload: "reload"
        }
    }

    /// How a changed value reaches HAProxy, as a sentence.
    var updateSentence: String {
        switch update {
        case .map: "Once it is in use, a changed value becomes map entries of the running HAProxy, without a reload."
        case .runtime: "A changed value is handed to the running HAProxy through its Runtime API, without a reload."
        case .reload: "A changed value needs a reload."
        }
    }

    /// The default: as code where people could write it, else in plain words.
    var defaultCell: String {
        guard let defaultValue else { return "" }
        return (try? validate(defaultValue)) == nil ? defaultValue : MarkdownPage.code(defaultValue)
    }

    /// Who has the last word on a value, where that is HAProxy.
    var checkSentence: String? {
        guard isCheckedByHAProxy else { return nil }
        return "HAProxy has the last word: what it refuses is reported to whoever wrote it and left out."
    }
}

extension AnnotationReference {
    /// Whether a name is one of the handler's keys, older names included.
    func reads(_ name: String) -> Bool { keys.contains { $0.allNames.contains(name) } }
}

extension AnnotationRegistry {
    /// The key that a user means: with or without one of our prefixes, by its present or an older name.
    func key(named written: String) -> KeyReference? {
        keys[written] ?? name(ofAnnotation: written).flatMap { keys[$0] }
    }

    /// The handler that reads a key.
    func handlerReference(reading key: KeyReference) -> AnnotationReference? {
        handlers.lazy.map { $0.reference }.first { $0.reads(key.name) }
    }

    /// The handlers' references by family, both in order.
    var families: [(name: String, handlers: [AnnotationReference])] {
        Dictionary(grouping: handlers.map { $0.reference }, by: \.family).sorted { $0.key < $1.key }
            .map { (name: $0.key, handlers: $0.value) }
    }
}

extension AnnotationReference {
    /// What a mistake leads to; nil where the next scope's value is in force, as it is for most keys.
    var unreadableSentence: String? {
        switch unreadable {
        case .countsAsAbsent: nil
        case .switchesOff:
            "Where a value cannot be used, all of this is off for the route until it is mended, whatever other scopes say."
        case .closes: "Where a value cannot be used, the route answers 503 until it is mended."
        }
    }
}
