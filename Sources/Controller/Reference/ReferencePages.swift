import Core

/// The annotation reference as Markdown: README.md with an index of all keys, and a page for each family. The same handlers
/// make the same text.
struct ReferencePages {
    /// The first line of every page, by which pages of families that are gone are told from files of others.
    static let header = """
        <!-- Written by `swift package --allow-writing-to-package-directory generate-reference` from the annotation handlers. \
        Edit those. -->
        """

    /// File names and their texts.
    let files: [String: String]

    init(_ registry: AnnotationRegistry) {
        var files: [String: String] = [:]
        var links: [String: String] = [:]
        for family in registry.families {
            let file = Self.fileName(of: family.name)
            var page = FamilyPage(family: family.name, handlers: family.handlers)
            for (key, anchor) in page.write() { links[key] = "\(file)#\(anchor)" }
            files[file] = page.markdown.text
        }
        files["README.md"] = Self.index(registry, links: links)
        self.files = files
    }

    /// The page of the family that reads a key; nil for a key that no handler reads.
    static func page(of written: String, in registry: AnnotationRegistry) -> String? {
        guard let key = registry.key(named: written), let handler = registry.handlerReference(reading: key) else { return nil }
        return ReferencePages(registry).files[fileName(of: handler.family)]
    }

    static func fileName(of family: String) -> String {
        let name = family.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        return String(name) + ".md"
    }

    private static func index(_ registry: AnnotationRegistry, links: [String: String]) -> String {
        var page = MarkdownPage()
        page.paragraph(header)
        page.heading(1, "Annotations")
        page.paragraph(
            """
            A key is written on an Ingress or a Service as an annotation with a prefix, such as `haproxy.org/timeout-server`, and in \
            the controller's ConfigMap without one. The prefixes \
            \(AnnotationRegistry.prefixes.map(MarkdownPage.code).joined(separator: ", ")) mean the same. An annotation without a prefix, \
            such as `timeout-server`, is read too, where none with a prefix says otherwise; what no handler knows without a prefix is \
            left to others. Where a key can be written in several places, the nearest to the Service wins: default, then ConfigMap, \
            then Ingress, then Service.
            """)
        page.paragraph(
            """
            A change of a value reaches a running HAProxy in one of three ways: as *map* entries or by another command of the \
            *runtime* API, both without a reload, or by a *reload* with a new, checked configuration. A reload cuts no connection; \
            those that are open end with the old process, which `hard-stop-after` gives some time.

            A value that is not what the key takes is reported with the object, the key and what was expected, by \
            `haproxy-ingress lint` before it is applied and in the controller's log after. It counts as not written, except where \
            it protects something: then its routes answer 503 until it is mended.
            """)
        page.heading(2, "All keys")
        let rows = registry.references.flatMap { key -> [(name: String, cells: [String])] in
            let link = "[\(MarkdownPage.code(key.name))](\(links[key.name] ?? ""))"
            let own = [
                link, key.scopeTitles.joined(separator: ", "), MarkdownPage.code(key.typeName),
                key.defaultCell, key.updateTitle, key.summary.firstSentence,
            ]
            let older = key.olderNames.map {
                (name: $0, cells: [MarkdownPage.code($0), "", "", "", "", "Older name of \(link)."])
            }
            return [(name: key.name, cells: own)] + older
        }
        page.table(
            ["Key", "Scopes", "Type", "Default", "Change", "What it does"], rows.sorted { $0.name < $1.name }.map(\.cells))
        page.heading(2, "By family")
        page.list(
            registry.families.map { family in
                let titles = family.handlers.map(\.title).joined(separator: ", ")
                return "[\(FamilyPage.title(of: family.name, handlers: family.handlers))](\(fileName(of: family.name)))"
                    + (family.handlers.count > 1 ? ": \(titles)" : "")
            })
        return page.text
    }
}

extension String {
    /// The text up to and with its first full stop that ends a sentence.
    var firstSentence: String {
        let line = firstLine
        guard
            let end = line.indices.first(where: {
                line[$0] == "." && line.index(after: $0) < line.endIndex && line[line.index(after: $0)] == " "
            })
        else { return line }
        return String(line[...end])
    }
}
