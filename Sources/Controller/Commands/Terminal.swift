import Foundation

/// How text looks where it is printed: styled on a terminal, plain in files and pipes.
struct Terminal: Sendable {
    /// Whether escape sequences are understood and wanted.
    let isStyled: Bool
    /// The width in columns; nil where lines have no end, as in files and pipes.
    let width: Int?

    /// A terminal with given abilities.
    init(isStyled: Bool = false, width: Int? = nil) {
        self.isStyled = isStyled
        self.width = width
    }

    /// What a file descriptor leads to. `NO_COLOR` (https://no-color.org) and `TERM=dumb` switch styles off.
    init(descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment) {
        guard isatty(descriptor) == 1 else {
            self.init()
            return
        }
        var size = winsize()
        let hasSize = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        self.init(
            isStyled: (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb",
            width: hasSize ? Int(size.ws_col) : nil)
    }

    /// Standard output.
    static var output: Terminal { Terminal(descriptor: STDOUT_FILENO) }

    func bold(_ text: String) -> String { styled(text, "1") }
    func dim(_ text: String) -> String { styled(text, "2") }
    func red(_ text: String) -> String { styled(text, "31") }
    func green(_ text: String) -> String { styled(text, "32") }
    func yellow(_ text: String) -> String { styled(text, "33") }

    private func styled(_ text: String, _ code: String) -> String {
        isStyled && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }

    /// The rows as lines whose columns begin one below the other, two spaces apart. The last column is wrapped at the
    /// terminal's width and never padded.
    func aligned(_ rows: [[String]], indent: Int = 0) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<max(0, count - 1)).map { column in
            rows.map { $0.count > column + 1 ? Self.width(of: $0[column]) : 0 }.max() ?? 0
        }
        return rows.flatMap { row -> [String] in
            guard let last = row.last else { return [""] }
            var line = String(repeating: " ", count: indent)
            for (column, cell) in row.dropLast().enumerated() {
                line += cell + String(repeating: " ", count: widths[column] - Self.width(of: cell) + 2)
            }
            let hanging = String(repeating: " ", count: Self.width(of: line))
            return wrapped(last, indent: Self.width(of: line)).enumerated().map { index, part in
                Self.withoutTrailingBlanks((index == 0 ? line : hanging) + part)
            }
        }
    }

    /// The text in lines that fit behind an indentation; words longer than that stand alone.
    func wrapped(_ text: String, indent: Int = 0) -> [String] {
        let paragraphs = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let width else { return paragraphs.map(String.init) }
        // Columns further right than this leave too little room to be worth wrapping.
        let room = max(24, width - indent)
        return paragraphs.flatMap { paragraph -> [String] in
            var lines: [String] = []
            var line = ""
            for word in paragraph.split(separator: " ") {
                if !line.isEmpty, Self.width(of: line) + 1 + Self.width(of: String(word)) > room {
                    lines.append(line)
                    line = ""
                }
                line += line.isEmpty ? String(word) : " \(word)"
            }
            return lines + [line]
        }
    }

    /// The columns that a text takes: its characters without escape sequences.
    static func width(of text: String) -> Int {
        guard text.contains("\u{1b}") else { return text.count }
        var count = 0
        var isEscape = false
        for character in text {
            if character == "\u{1b}" {
                isEscape = true
            } else if isEscape {
                isEscape = character != "m"
            } else {
                count += 1
            }
        }
        return count
    }

    private static func withoutTrailingBlanks(_ line: String) -> String {
        var line = line[...]
        while line.last == " " { line.removeLast() }
        return String(line)
    }
}
