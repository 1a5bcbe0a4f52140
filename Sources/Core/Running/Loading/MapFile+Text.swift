extension MapFile {
    /// The file's text: one `key value` a line, sorted by key.
    public var text: String { text(RunningNames()) }

    /// The text for a HAProxy that has some things under other names.
    func text(_ names: RunningNames) -> String {
        var text = ""
        for key in entries.keys.sorted() {
            let entry = names.entry((key, entries[key] ?? ""), in: name)
            text += Self.line(entry.key, entry.value)
        }
        return text
    }
}
