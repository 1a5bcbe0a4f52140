import Core

/// The texts of files that grow with the number of Ingresses, in pieces: a change costs what it changes and a copy, not the
/// rendering of what stayed.
///
/// A file's pieces are made when it changes for the first time, and kept.
struct FileTexts {
    private var backends: SortedPieces?
    private var maps: [String: SortedPieces] = [:]
    private var certificates: SortedPieces?

    /// haproxy.cfg.
    ///
    /// - Parameter changed: the headers of the sections that may be others than before.
    mutating func configuration(_ state: DesiredState, changed: Set<String>) -> [UInt8] {
        func piece(_ name: String) -> String? { state.backends[name].map { RenderedConfiguration.text(of: $0) } }
        let names = changed.lazy.compactMap { header in
            header.hasPrefix("backend ") ? String(header.dropFirst("backend ".count)) : nil
        }
        let middle = SortedPieces.updated(&backends, all: state.backends.keys, changed: names, piece)
        return Array(RenderedConfiguration(state.sectionsBeforeBackends).text.utf8) + middle
            + state.reserve.flatMap { RenderedConfiguration.text(of: $0).utf8 }
    }

    /// A map's file.
    ///
    /// - Parameter changed: the keys whose entries may be others than before.
    mutating func map(_ file: MapFile, changed: Set<String>) -> [UInt8] {
        SortedPieces.updated(&maps[file.name], all: file.entries.keys, changed: changed) { key in
            file.entries[key].map { MapFile.line(key, $0) }
        }
    }

    /// The `crt-list`.
    ///
    /// - Parameter changed: the paths of certificates whose lines may be others than before.
    mutating func certificateList(_ list: CertificateList, changed: Set<String>) -> [UInt8] {
        let lines = SortedPieces.updated(&certificates, all: list.entries.keys, changed: changed) { path in
            list.entries[path].map { CertificateList.line(path, names: $0) + "\n" }
        }
        return Array(CertificateList.opening.utf8) + lines
    }

    /// A map is gone.
    mutating func forget(map name: String) { maps[name] = nil }
}

/// A text in pieces that stand in the order of their keys.
private struct SortedPieces {
    private var keys: [String] = []
    private var pieces: [[UInt8]] = []

    /// The text after some of its pieces have changed; where there were none yet all are made.
    ///
    /// - Parameter piece: the text for a key; nil when it has none.
    static func updated(
        _ pieces: inout SortedPieces?, all: some Collection<String>, changed: some Sequence<String>, _ piece: (String) -> String?
    ) -> [UInt8] {
        if pieces == nil {
            let keys = all.sorted()
            pieces = SortedPieces(keys: keys, pieces: keys.map { Array((piece($0) ?? "").utf8) })
        } else {
            for key in changed { pieces?.set(key, to: piece(key)) }
        }
        return pieces?.text ?? []
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

    private var text: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
        for piece in pieces { text += piece }
        return text
    }
}
