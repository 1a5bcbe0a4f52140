import Core

/// The page of one family of annotations.
struct FamilyPage {
    let family: String
    let handlers: [AnnotationReference]
    private(set) var markdown = MarkdownPage()

    init(family: String, handlers: [AnnotationReference]) {
        self.family = family
        self.handlers = handlers
    }

    /// What people call a family: the title of its only handler, or its name in words.
    static func title(of family: String, handlers: [AnnotationReference]) -> String {
        if handlers.count == 1, let handler = handlers.first { return handler.title }
        let abbreviations: Set = ["cors", "http", "https", "ip", "ssl", "tcp", "tls", "url"]
        let words = family.split(separator: "-").map { abbreviations.contains(String($0)) ? $0.uppercased() : String($0) }
        let title = words.joined(separator: " ")
        return title.prefix(1).uppercased() + title.dropFirst()
    }

    /// Writes the page.
    ///
    /// - Returns: the anchors of the keys.
    mutating func write() -> [String: String] {
        var anchors: [String: String] = [:]
        markdown.paragraph(ReferencePages.header)
        markdown.heading(1, Self.title(of: family, handlers: handlers))
        for handler in handlers {
            let level = handlers.count > 1 ? 3 : 2
            if handlers.count > 1 { markdown.heading(2, handler.title) }
            markdown.paragraph(handler.summary)
            if handler.isProtection {
                markdown.paragraph(
                    "This protects routes: where a value cannot be used, the route answers 503 until it is mended.")
            } else if let sentence = handler.unreadableSentence {
                markdown.paragraph(sentence)
            }
            writeTable(of: handler)
            for key in handler.keys {
                anchors[key.name] = markdown.heading(level, MarkdownPage.code(key.name))
                write(key)
            }
            for example in handler.examples { write(example, level: level) }
        }
        markdown.paragraph("[All keys](README.md)")
        return anchors
    }

    private mutating func writeTable(of handler: AnnotationReference) {
        markdown.table(
            ["Key", "Scopes", "Type", "Default", "Since", "Change"],
            handler.keys.map { key in
                [
                    MarkdownPage.code(key.name), key.scopeTitles.joined(separator: ", "), MarkdownPage.code(key.typeName),
                    key.defaultCell, key.since, key.updateTitle,
                ]
            })
    }

    private mutating func write(_ key: KeyReference) {
        markdown.paragraph(key.summary)
        var facts = ["Accepts \(key.expected).", "Acts on: \(key.acts.rawValue). \(key.updateSentence)"]
        if let sentence = key.checkSentence { facts.append(sentence) }
        if !key.olderNames.isEmpty {
            facts.append("Older names: \(key.olderNames.map(MarkdownPage.code).joined(separator: ", ")).")
        }
        if !key.fullNames.isEmpty {
            facts.append("Also read as \(key.fullNames.map(MarkdownPage.code).joined(separator: ", ")).")
        }
        markdown.list(facts)
        markdown.fence("yaml", key.writtenExample)
    }

    private mutating func write(_ example: AnnotationExample, level: Int) {
        markdown.heading(level, "Example: \(example.title)")
        markdown.fence("yaml", example.manifest)
        if !example.leadsTo.isEmpty {
            markdown.paragraph("leads to")
            markdown.fence("haproxy", example.leadsTo.joined(separator: "\n"))
        }
    }
}

extension KeyReference {
    /// The key and its example as a line of YAML, or as a block scalar where the example has several lines.
    var writtenExample: String {
        let lines = example.split(whereSeparator: \.isNewline)
        guard lines.count < 2 else { return "\(writtenName): |\n" + lines.map { "  \($0)" }.joined(separator: "\n") }
        var value = ""
        for character in example {
            if character == "\"" || character == "\\" { value += "\\" }
            value.append(character)
        }
        return "\(writtenName): \"\(value)\""
    }
}
