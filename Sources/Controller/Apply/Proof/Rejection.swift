import Core

/// HAProxy's check did not pass.
struct Rejection: Error, Sendable, CustomStringConvertible {
    /// A line that HAProxy's message names, and why it does not take it.
    struct BlamedLine: Hashable, Sendable {
        let origin: Origin
        let reason: String
    }

    /// HAProxy's first words about it.
    let description: String
    /// The lines that begin HAProxy's messages, as far as one value alone led to each.
    let blamed: [BlamedLine]
    /// Files that a message about one of the controller's own lines names: nothing that a tenant wrote is in such a message.
    let files: [ConfigurationFile: String]
    /// Whether each message begins with a line: the others are about what refers to something that is not there, or about nothing
    /// that the check names.
    let isPlaced: Bool

    /// - Parameters:
    ///   - problems: HAProxy's alerts.
    ///   - output: all that it wrote.
    ///   - rendered: the configuration that it read.
    ///   - state: what was rendered.
    init(_ problems: [CheckProblem], output: String, _ rendered: RenderedConfiguration, of state: DesiredState) {
        let telling = problems.filter { !$0.isSummary }
        description = telling.first?.description ?? problems.first?.description ?? output
        blamed = telling.compactMap { problem in
            guard let line = problem.line, problem.file.map({ $0.hasSuffix("haproxy.cfg") }) ?? true,
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
