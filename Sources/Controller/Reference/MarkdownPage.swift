/// A Markdown text that is written from top to bottom and knows the anchors of its headings.
struct MarkdownPage {
    private(set) var text = ""
    private var anchors: [String: Int] = [:]

    /// Adds a heading.
    ///
    /// - Returns: its anchor on the page, made as GitHub makes it: lower case, blanks to hyphens, other punctuation left out,
    ///   the second of a name numbered.
    @discardableResult
    mutating func heading(_ level: Int, _ title: String) -> String {
        paragraph(String(repeating: "#", count: level) + " " + title)
        let base = String(
            title.lowercased().compactMap { character in
                if character == " " { return "-" }
                return character.isLetter || character.isNumber || character == "-" || character == "_" ? character : nil
            })
        let count = anchors[base, default: 0]
        anchors[base] = count + 1
        return count == 0 ? base : "\(base)-\(count)"
    }

    /// Adds a block, set apart from the one before it by an empty line.
    mutating func paragraph(_ block: String) {
        var block = block[...]
        while block.last?.isNewline == true { block.removeLast() }
        if !text.isEmpty { text += "\n" }
        text += block
        text += "\n"
    }

    mutating func list(_ items: [String]) {
        if !items.isEmpty { paragraph(items.map { "- \($0)" }.joined(separator: "\n")) }
    }

    mutating func table(_ header: [String], _ rows: [[String]]) {
        let lines = [header, header.map { _ in "---" }] + rows.map { $0.map(Self.cell) }
        paragraph(lines.map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n"))
    }

    /// Adds a fenced block; the fence is longer than any in the text.
    mutating func fence(_ language: String, _ content: String) {
        let ticks = content.split(omittingEmptySubsequences: true) { $0 != "`" }.map(\.count).max() ?? 0
        let fence = String(repeating: "`", count: max(3, ticks + 1))
        var content = content[...]
        while content.last?.isNewline == true { content.removeLast() }
        paragraph("\(fence)\(language)\n\(content)\n\(fence)")
    }

    /// A code span, also where the text holds backticks.
    static func code(_ text: String) -> String {
        let ticks = text.split(omittingEmptySubsequences: true) { $0 != "`" }.map(\.count).max() ?? 0
        let fence = String(repeating: "`", count: ticks + 1)
        let space = ticks > 0 ? " " : ""
        return fence + space + text.split(whereSeparator: \.isNewline).joined(separator: " ") + space + fence
    }

    private static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
            .split(whereSeparator: \.isNewline).joined(separator: "<br>")
    }
}
