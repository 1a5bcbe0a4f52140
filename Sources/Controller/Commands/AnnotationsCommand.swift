import ArgumentParser
import Core
import Foundation

/// `haproxy-ingress annotations`: the reference of the annotations that this binary knows.
struct AnnotationsCommand: AnnotationCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, markdown, json
    }

    static let configuration = CommandConfiguration(
        commandName: "annotations",
        abstract: "Show what can be written on an Ingress, a Service and in the ConfigMap.",
        discussion: """
            Without KEY, all keys are listed by family, with the scopes that they can be written in, their defaults and what they \
            do. With KEY, everything about that key is shown: what it accepts, its older names, how a change reaches HAProxy, and \
            complete manifests with what they lead to.

            KEY can be written as in a manifest (haproxy.org/timeout-server), without the prefix, or by an older name.
            """)

    @Argument(help: "The key to show.")
    var key: String?

    @Option(
        help: ArgumentHelp(
            "How to print: text for people, json for programs, markdown for a page of the reference.", valueName: "format"))
    var format = Format.text

    @Option(
        help: ArgumentHelp(
            "Write all Markdown pages into this directory: only files that change, and without pages of families that are gone.",
            valueName: "dir"))
    var output: String?

    mutating func validate() throws {
        guard output != nil else { return }
        if format != .markdown { throw ValidationError("--output writes Markdown pages: say --format markdown too") }
        if key != nil { throw ValidationError("--output writes the pages of all keys: leave out either it or KEY") }
    }

    mutating func run(annotations: AnnotationRegistry) async throws {
        if let output {
            let changed = try ReferenceDirectory(url: URL(fileURLWithPath: output)).hold(ReferencePages(annotations))
            for name in changed { print("\(output)/\(name)") }
        } else {
            print(try text(annotations: annotations, terminal: .output), terminator: "")
        }
    }

    /// What the command prints.
    func text(annotations: AnnotationRegistry, terminal: Terminal) throws -> String {
        let table = ReferenceTable(registry: annotations, terminal: terminal)
        let chosen = try key.map { name in
            guard let found = annotations.key(named: name) else {
                throw ValidationError("no annotation is called \(name.quotedForPeople): \(table.suggestion(for: name))")
            }
            return found
        }
        switch format {
        case .text: return chosen.flatMap { table.detail(of: $0.name) } ?? table.overview()
        case .json: return try ReferenceJSON(annotations, key: chosen).text()
        case .markdown:
            let page = chosen.flatMap { ReferencePages.page(of: $0.name, in: annotations) }
            return page ?? ReferencePages(annotations).files["README.md"] ?? ""
        }
    }
}
