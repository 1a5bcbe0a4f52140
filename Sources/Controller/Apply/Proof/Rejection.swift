import Core

/// HAProxy's check did not pass.
struct Rejection: Error, Sendable, CustomStringConvertible {
    /// A line that HAProxy's message names, and why it does not take it.
    struct BlamedLine: Hashable, Sendable {
        let origin: Origin
        let reason: String
    }

    /// A line of a file of `--configmap-patternfiles`.
    struct PatternLine: Hashable, Sendable {
        let file: String
        let text: String
    }

    /// HAProxy's first words about it.
    let description: String
    /// The lines that begin HAProxy's messages, as far as one value alone led to each.
    let blamed: [BlamedLine]
    /// Files that a message about one of the controller's own lines names: nothing that a tenant wrote is in such a message.
    let files: [ConfigurationFile: String]
    /// Lines of pattern files that a snippet of the operator's reads, and why HAProxy does not take them. The snippet is not to blame.
    let patternLines: [PatternLine: String]
    /// Whether each message begins with a line: the others are about what refers to something that is not there, or about nothing
    /// that the check names.
    let isPlaced: Bool
    /// Whether HAProxy was not done in time: it may wait for a name server, or for whatever else an object has it wait.
    let isTimeout: Bool

    /// HAProxy was not done with a check in time.
    init(after limit: Duration) {
        description = ConfigurationCheck.Failure.timedOut(limit).description
        (blamed, files, patternLines, isPlaced, isTimeout) = ([], [:], [:], false, true)
    }

    /// - Parameters:
    ///   - problems: HAProxy's alerts.
    ///   - output: all that it wrote.
    ///   - rendered: the configuration that it read.
    ///   - state: what was rendered.
    init(_ problems: [CheckProblem], output: String, _ rendered: RenderedConfiguration, of state: DesiredState) {
        isTimeout = false
        let telling = problems.filter { !$0.isSummary }
        description = telling.first?.description ?? problems.first?.description ?? output
        let operators = Dictionary(
            telling.filter { $0.line.flatMap(rendered.origin(ofLine:))?.object?.kind == .configMap }.compactMap { problem in
                problem.patternLine(in: state).map { (problem, $0) }
            }, uniquingKeysWith: { first, _ in first })
        patternLines = Dictionary(operators.map { ($1, $0.message) }, uniquingKeysWith: { first, _ in first })
        blamed = telling.compactMap { problem in
            // What else it says may follow from the missing lines, such as an ACL that is not there.
            guard operators.isEmpty, let line = problem.line, problem.file.map({ $0.hasSuffix("haproxy.cfg") }) ?? true,
                let origin = rendered.origin(ofLine: line), origin.object != nil, origin.key != nil, !rendered.isShared(line)
            else { return nil }
            return BlamedLine(origin: origin, reason: problem.message)
        }
        files = telling.reduce(into: [:]) { files, problem in
            guard let line = problem.line, rendered.origin(ofLine: line)?.object == nil else { return }
            for file in state.files.values where problem.message.contains("'\(file.path)'") { files[file] = problem.message }
        }
        isPlaced = !telling.isEmpty && telling.allSatisfy { $0.line != nil && !$0.message.contains("unable to find") }
    }
}

extension CheckProblem {
    /// The line of a pattern file that the message ends with, as in `... at line 2 of file 'patterns/office'.`
    ///
    /// Where the operator wrote the line of the configuration, nobody else wrote a part of the message: pattern files are the
    /// operator's too. A tenant's snippet that reads a file in another way than it is meant is to blame itself.
    fileprivate func patternLine(in state: DesiredState) -> Rejection.PatternLine? {
        guard let match = message.firstMatch(of: #/ at line ([0-9]+) of file 'patterns/([^'/]+)'\.?$/#),
            let number = Int(match.1), let content = state.files["patterns/\(match.2)"]?.content
        else { return nil }
        let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard (1...max(1, lines.count)).contains(number), !lines.isEmpty else { return nil }
        return Rejection.PatternLine(file: String(match.2), text: String(decoding: lines[number - 1], as: UTF8.self))
    }
}
