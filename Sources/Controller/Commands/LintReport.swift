import ArgumentParser
import Core
import Foundation

/// What `lint` prints.
struct LintReport {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, github, sarif
    }

    let annotations: AnnotationRegistry
    /// The file that stands for findings without a place, where a format needs one.
    let firstFile: String
    var findings: [Finding] = []
    /// What `--fix` changed.
    var changes: [ManifestRepair.Change] = []
    /// How many changes `--fix` would make.
    var possibleChanges = 0
    /// How many findings `--ignore` keeps back.
    var ignored = 0

    /// By file and place.
    static func sorted(_ findings: some Sequence<Finding>) -> [Finding] {
        findings.sorted { a, b in
            func rank(_ finding: Finding) -> (String, Int, Int, String) {
                let location = finding.location
                return (location?.file ?? "", location?.line ?? 0, location?.column ?? 0, finding.description)
            }
            return rank(a) < rank(b)
        }
    }

    func text(_ format: Format, terminal: Terminal) throws -> String {
        switch format {
        case .text: textForPeople(terminal)
        case .json: try Self.json(findings.map(FindingReport.init))
        case .github: findings.map(Self.workflowCommand).joined()
        case .sarif: try Self.json(SARIFLog(findings, annotations: annotations, otherwiseIn: firstFile))
        }
    }

    private func textForPeople(_ terminal: Terminal) -> String {
        var lines = changes.map { "\(terminal.green("fixed")): \($0)" }
        lines += findings.map { finding in
            let severity = finding.severity == .error ? terminal.red("error") : terminal.yellow("warning")
            return "\(severity): \(finding)"
        }
        if possibleChanges > 0 { lines.append("--fix would change \(Self.count(possibleChanges, "place")).") }
        let errors = findings.filter { $0.severity == .error }.count
        var end =
            findings.isEmpty
            ? "No mistakes \(changes.isEmpty ? "found" : "left")"
            : "\(Self.count(errors, "error")), \(Self.count(findings.count - errors, "warning"))"
        if !changes.isEmpty { end += ", \(changes.count) fixed" }
        if ignored > 0 { end += ", \(ignored) ignored" }
        lines.append(findings.isEmpty ? end + "." : end)
        return lines.map { $0 + "\n" }.joined()
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }

    /// A workflow command: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    private static func workflowCommand(_ finding: Finding) -> String {
        var properties: [String] = []
        if let location = finding.location {
            properties = [
                "file=\(escaped(location.file, isProperty: true))", "line=\(location.line)", "col=\(location.column)",
            ]
        }
        let message = escaped(finding.withoutLocation.description, isProperty: false)
        return "::\(finding.severity.rawValue) \(properties.joined(separator: ","))::\(message)\n"
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
