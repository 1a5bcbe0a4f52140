/// Finds who wrote what HAProxy refuses when its message names no line: it reads lines one by one, but looks for the tables,
/// servers and sections that they mention only when it has read them all, and then names the section alone.
public struct Blame: Sendable {
    private let sections: [Section]
    /// Lines that HAProxy runs already.
    private let inForce: Set<Place>

    private struct Place: Hashable {
        let section: String
        let text: String
    }

    private struct Suspect {
        let origin: Origin
        let text: String
        let isNew: Bool
    }

    /// - Parameters:
    ///   - sections: what HAProxy refuses.
    ///   - inForce: what it runs; lines that are new are looked at first.
    public init(_ sections: [Section], inForce: [Section] = []) {
        self.sections = sections
        self.inForce = Set(
            inForce.flatMap { section in Self.lines(of: section).map { Place(section: section.header, text: $0.text) } })
    }

    /// The values that a message is about: those whose lines hold the words that it quotes, else the raw lines of the section
    /// that it names, else all values of that section. Empty when it cannot be told.
    public func origins(of message: String) -> [Origin] {
        let words = Self.quotedWords(in: message)
        let named = sections.filter { section in
            words.contains { word in word.split { $0 == " " || $0 == "/" }.contains { $0 == section.name } }
        }
        let sectionNames = Set(named.map(\.name))
        let telling = words.filter { !sectionNames.contains($0) }
        let candidates = (named.isEmpty ? sections : named).flatMap(suspects)
        let scores = candidates.map { suspect in telling.count { Self.holds(suspect.text, $0) } }
        let best = scores.max() ?? 0
        let matching: [Suspect]
        if best > 0 {
            matching = zip(candidates, scores).filter { $1 == best }.map(\.0)
        } else if named.isEmpty {
            return []
        } else {
            let raw = candidates.filter { $0.origin.key?.hasSuffix("config-snippet") == true }
            matching = raw.isEmpty ? candidates : raw
        }
        let new = matching.filter(\.isNew)
        var seen: Set<Origin> = []
        return (new.isEmpty ? matching : new).map(\.origin).filter { seen.insert($0).inserted }
    }

    /// The parts of a line that a message is about: those that share most words with it, else all that an object asked for.
    static func origins(of message: String, among parts: [Traced<Directive>]) -> [Origin] {
        func words(_ text: String) -> Set<Substring> { Set(text.lowercased().split { !$0.isLetter && !$0.isNumber }) }
        let said = words(message)
        let suspects = parts.filter { $0.origin.object != nil && $0.origin.key != nil }
        let scores = suspects.map { words($0.value.text).intersection(said).count }
        let best = scores.max() ?? 0
        return zip(suspects, scores).filter { $1 == best }.map(\.0.origin)
    }

    private func suspects(_ section: Section) -> [Suspect] {
        Self.lines(of: section).compactMap { text, origin in
            guard origin.object != nil, origin.key != nil else { return nil }
            return Suspect(origin: origin, text: text, isNew: !inForce.contains(Place(section: section.header, text: text)))
        }
    }

    private static func lines(of section: Section) -> [(text: String, origin: Origin)] {
        section.lines.map { ($0.directive.text, $0.origin) } + (section.pool?.keywords ?? []).map { ($0.value.text, $0.origin) }
    }

    /// What stands between single quotes; an apostrophe within a word is none.
    private static func quotedWords(in message: String) -> [String] {
        let parts = Array(message)
        var words: [String] = []
        var start: Int?
        for (index, character) in parts.enumerated() where character == "'" {
            if let open = start {
                if index + 1 < parts.count, isWordCharacter(parts[index + 1]) { continue }
                if index > open { words.append(String(parts[open..<index])) }
                start = nil
            } else if index == 0 || !isWordCharacter(parts[index - 1]) {
                start = index + 1
            }
        }
        return words
    }

    /// Whether a line holds a word, not as part of another.
    private static func holds(_ line: String, _ word: String) -> Bool {
        var rest = line[...]
        while let range = rest.firstRange(of: word) {
            let before = range.lowerBound == line.startIndex ? nil : line[line.index(before: range.lowerBound)]
            let after = range.upperBound == line.endIndex ? nil : line[range.upperBound]
            if !(before.map(isWordCharacter) ?? false), !(after.map(isWordCharacter) ?? false) { return true }
            rest = rest[line.index(after: range.lowerBound)...]
        }
        return false
    }

    private static func isWordCharacter(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "-_.".contains(character)
    }
}
