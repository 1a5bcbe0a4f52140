import ArgumentParser
import Core
import Foundation

/// `haproxy-ingress lint`: what is wrong with manifests.
struct LintCommand: AnnotationCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Check manifests for mistakes.",
        discussion: """
            Finds what the controller would complain about: files that are not YAML, objects that an API server would refuse, \
            annotations that nobody knows (with the nearest known one), values that are not what the key takes, and references \
            to Services, ports and Secrets that are not in the files. Ingresses whose IngressClass is not in the files count as \
            this controller's.

            Snippets of Ingresses and Services are noted on standard error: whoever may write one is trusted like the \
            controller. They are no mistakes.

            Exit status: 0 when nothing was found, 1 when something was, 2 when the arguments cannot be used.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, github
    }

    @Argument(help: "Directories and files with manifests.")
    var paths: [String]

    @Option(
        help: ArgumentHelp(
            "How to print: text for people, json for programs, github for annotations of a pull request.", valueName: "format"))
    var format = Format.text

    @OptionGroup(title: "Configuration options")
    var options: ConfigurationOptions

    mutating func run(annotations: AnnotationRegistry) async throws {
        let offline = try await OfflineAssembly(paths: paths, options: options, annotations: annotations) {
            $0.assumesMissingClassesAreOurs = true
        }
        let findings = Set(offline.findings + offline.engine.unusedServiceFindings(offline.store, assembly: offline.assembly))
            .sorted {
                ($0.location?.file ?? "", $0.location?.line ?? 0, $0.description) < (
                    $1.location?.file ?? "", $1.location?.line ?? 0, $1.description
                )
            }
        print(try Self.text(findings, format: format, terminal: .output), terminator: "")
        for note in Self.notes(on: offline.assembly, annotations: annotations) {
            FileHandle.standardError.write(Data("note: \(note)\n".utf8))
        }
        if !findings.isEmpty { throw ExitCode(1) }
    }

    /// What is no mistake and gives something away: snippets of people who may not be trusted like the operator.
    static func notes(on assembly: Assembly, annotations: AnnotationRegistry) -> [String] {
        let snippets = assembly.valuesInForce.values.joined().filter { value in
            value.scope > .configMap && annotations.keys[value.key]?.typeName == ValueType<ConfigSnippet>.snippet.name
        }
        return Set(
            snippets.map { value in
                """
                \(value.object): \(value.key) can read every file of HAProxy's and change what other namespaces' requests get; \
                --disable-config-snippets refuses it, as deploy/ does
                """
            }
        ).sorted()
    }

    /// What the command prints.
    static func text(_ findings: [Finding], format: Format, terminal: Terminal) throws -> String {
        switch format {
        case .text:
            guard !findings.isEmpty else { return "No mistakes found.\n" }
            let lines = findings.map { finding in
                let severity = finding.severity == .error ? terminal.red("error") : terminal.yellow("warning")
                return "\(severity): \(finding)\n"
            }
            let errors = findings.filter { $0.severity == .error }.count
            return lines.joined() + "\(errors) errors, \(findings.count - errors) warnings\n"
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(findings.map(FindingReport.init)), as: UTF8.self) + "\n"
        case .github:
            // Workflow commands: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
            return findings.map { finding in
                var properties: [String] = []
                if let location = finding.location {
                    properties = [
                        "file=\(escaped(location.file, isProperty: true))", "line=\(location.line)", "col=\(location.column)",
                    ]
                }
                var message = finding
                message.location = nil
                return
                    "::\(finding.severity.rawValue) \(properties.joined(separator: ","))::\(escaped(message.description, isProperty: false))\n"
            }.joined()
        }
    }

    private static func escaped(_ text: String, isProperty: Bool) -> String {
        var text = text.replacingOccurrences(of: "%", with: "%25").replacingOccurrences(of: "\r", with: "%0D")
            .replacingOccurrences(of: "\n", with: "%0A")
        if isProperty { text = text.replacingOccurrences(of: ":", with: "%3A").replacingOccurrences(of: ",", with: "%2C") }
        return text
    }
}

/// A finding as JSON.
private struct FindingReport: Encodable {
    let severity: String
    let file: String?
    let line: Int?
    let column: Int?
    let kind: String?
    let namespace: String?
    let name: String?
    let key: String?
    let value: String?
    let message: String
    let expected: String?
    let example: String?

    init(_ finding: Finding) {
        severity = finding.severity.rawValue
        file = finding.location?.file
        line = finding.location?.line
        column = finding.location?.column
        kind = finding.object?.kind.rawValue
        namespace = finding.object?.namespace
        name = finding.object?.name
        key = finding.key
        value = finding.value
        message = finding.message
        expected = finding.expected
        example = finding.example
    }
}
