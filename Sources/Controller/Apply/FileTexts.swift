import Core

/// The texts of files that grow with the number of Ingresses, in pieces: a change costs what it changes and the writing, not the
/// rendering of what stayed, nor a second copy of it.
///
/// A file's pieces are made when it changes for the first time, and kept.
struct FileTexts {
    /// The settings that backends have in the files: those that HAProxy was loaded with, as long as routes have them, and none
    /// afterwards.
    private(set) var inlined: [String: String]
    /// Backends whose settings may have gone.
    private var doubtful: Set<String> = []
    private var backends: SortedPieces?
    private var maps: [String: SortedPieces] = [:]
    private var certificates: SortedPieces?

    /// - Parameter inlined: the settings that backends have in what was written before.
    init(inlined: [String: String] = [:]) { self.inlined = inlined }

    /// haproxy.cfg.
    ///
    /// - Parameter changed: the headers of the sections that may be others than before.
    mutating func configuration(_ state: DesiredState, changed: Set<String>) -> [[UInt8]] {
        var names = Set(
            changed.lazy.compactMap { $0.hasPrefix("backend ") ? String($0.dropFirst("backend ".count)) : nil })
        names.formUnion(doubtful)
        doubtful = []
        var state = state
        state.inlined = inlined
        // A backend that is written without its settings stays so until all files are written: maps may say that routes with these
        // settings go by maps, and that those without any are to find none.
        for name in backends == nil ? Array(inlined.keys) : Array(names)
        where inlined[name] != nil && !state.canInline(into: name) {
            inlined[name] = ""
        }
        state.inlined = inlined
        func piece(_ name: String) -> String? { state.loadedBackend(name).map { RenderedConfiguration.text(of: $0) } }
        let middle = SortedPieces.updated(&backends, all: state.backends.keys, changed: names, piece)
        return [Array(RenderedConfiguration(state.sectionsBeforeBackends).text.utf8)] + middle
            + state.reserve.map { Array(RenderedConfiguration.text(of: $0).utf8) }
    }

    /// A map's file.
    ///
    /// - Parameter changed: the keys whose entries may be others than before.
    mutating func map(_ file: MapFile, changed: Set<String>) -> [[UInt8]] {
        let names = RunningNames(inlined: inlined)
        return SortedPieces.updated(&maps[file.name], all: file.entries.keys, changed: changed) { key in
            file.entries[key].map { value in
                let entry = names.entry((key, value), in: file.name)
                return MapFile.line(entry.key, entry.value)
            }
        }
    }

    /// Entries of maps may be others than before; some may be values of settings in backends.
    mutating func note(_ changed: [String: Set<String>]) {
        guard !inlined.isEmpty else { return }
        let keys = changed.values.reduce(into: Set<String>()) { $0.formUnion($1) }
        guard !keys.isEmpty else { return }
        for (backend, settings) in inlined where keys.contains(settings) { doubtful.insert(backend) }
    }

    /// The `crt-list`.
    ///
    /// - Parameter changed: the paths of certificates whose lines may be others than before.
    mutating func certificateList(_ list: CertificateList, changed: Set<String>) -> [[UInt8]] {
        let lines = SortedPieces.updated(&certificates, all: list.entries.keys, changed: changed) { path in
            list.entries[path].map { names in CertificateList.lines(path, names: names).map { $0 + "\n" }.joined() }
        }
        return [Array(CertificateList.opening.utf8)] + lines
    }

    /// A map is gone.
    mutating func forget(map name: String) { maps[name] = nil }
}

/// A text in pieces that stand in the order of their keys.
private struct SortedPieces {
    private var keys: [String] = []
    private var pieces: [[UInt8]] = []

    /// The pieces after some have changed; where there were none yet all are made.
    ///
    /// - Parameter piece: the text for a key; nil when it has none.
    static func updated(
        _ pieces: inout SortedPieces?, all: some Collection<String>, changed: some Sequence<String>, _ piece: (String) -> String?
    ) -> [[UInt8]] {
        if pieces == nil {
            let keys = all.sorted()
            pieces = SortedPieces(keys: keys, pieces: keys.map { Array((piece($0) ?? "").utf8) })
        } else {
            for key in changed { pieces?.set(key, to: piece(key)) }
        }
        return pieces?.pieces ?? []
    }

    private mutating func set(_ key: String, to text: String?) {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        let isKnown = low < keys.count && keys[low] == key
        switch (text, isKnown) {
        case (let text?, true): pieces[low] = Array(text.utf8)
        case (let text?, false):
            keys.insert(key, at: low)
            pieces.insert(Array(text.utf8), at: low)
        case (nil, true):
            keys.remove(at: low)
            pieces.remove(at: low)
        case (nil, false): break
        }
    }
}
