import Foundation
import Glibc

/// One thing that HAProxy said about a configuration file.
public struct CheckProblem: Hashable, Sendable, CustomStringConvertible {
    public enum Severity: String, Hashable, Sendable { case notice, warning, alert }

    public var severity: Severity
    /// The file as HAProxy names it; nil when the problem concerns no single line, such as a missing `use_backend` target.
    public var file: String?
    public var line: Int?
    /// HAProxy's words, following lines included, without severity, pid and place.
    public var message: String

    public init(severity: Severity, file: String? = nil, line: Int? = nil, message: String) {
        self.severity = severity
        self.file = file
        self.line = line
        self.message = message
    }

    public var description: String {
        guard let file else { return message }
        return line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)"
    }

    /// Whether this only repeats that there were errors.
    var isSummary: Bool {
        message.hasPrefix("Error(s) found in configuration file") || message.hasPrefix("Fatal errors found in configuration")
            || message.contains("Some protocols failed to start their listeners")
    }

    /// Reads a line such as `[ALERT]    (8981) : config : parsing [haproxy.cfg:2] : unknown keyword 'foo'`; nil for other output.
    init?(line text: String) {
        guard text.hasPrefix("["), let bracket = text.firstIndex(of: "]"),
            let severity = Severity(rawValue: text[text.index(after: text.startIndex)..<bracket].lowercased())
        else { return nil }
        self.severity = severity
        var rest = text[text.index(after: bracket)...].drop { $0 == " " }
        if rest.hasPrefix("("), let close = rest.firstIndex(of: ")") { rest = rest[rest.index(after: close)...] }
        rest = rest.drop { $0 == " " || $0 == ":" }
        if rest.hasPrefix("config : ") { rest = rest.dropFirst("config : ".count) }
        if let place = Self.leadingPlace(of: rest) {
            file = place.file
            line = place.line
            rest = rest[place.end...].drop { $0 == " " || $0 == ":" }
        }
        message = String(rest)
    }

    /// The words that HAProxy writes before the place that a message is about.
    private static let wordsBeforePlaces: Set<Substring> = ["", "parsing ", "Parsing ", "Binding "]

    /// The `[file:line]` that a message begins with. What comes later may be text that somebody wrote into the configuration.
    private static func leadingPlace(of text: Substring) -> (file: String, line: Int, end: Substring.Index)? {
        guard let open = text.firstIndex(of: "["), wordsBeforePlaces.contains(text[..<open]) else { return nil }
        let inside = text[text.index(after: open)...]
        guard let close = inside.firstIndex(of: "]"), let colon = inside[..<close].lastIndex(of: ":"), colon > inside.startIndex,
            let line = Int(inside[inside.index(after: colon)..<close]), line > 0
        else { return nil }
        return (String(inside[..<colon]), line, inside.index(after: close))
    }

    /// All problems in HAProxy's output; a line that begins with ` | ` continues the one before it.
    static func all(in lines: [String]) -> [CheckProblem] {
        var problems: [CheckProblem] = []
        for line in lines {
            if let problem = CheckProblem(line: line) {
                problems.append(problem)
            } else if line.drop(while: { $0 == " " }).hasPrefix("|"), !problems.isEmpty {
                let text = line.drop { $0 == " " || $0 == "|" }
                problems[problems.count - 1].message += " " + text
            }
        }
        return problems
    }
}

/// Asks HAProxy whether it would accept a configuration file: `haproxy -c` (management manual, section 3).
public struct ConfigurationCheck: Sendable {
    public enum Verdict: Hashable, Sendable {
        case valid(warnings: [CheckProblem])
        /// The alerts, the telling ones first, and everything that HAProxy wrote.
        case invalid([CheckProblem], output: String)
    }

    /// HAProxy could not be asked.
    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case cannotStart(String)
        case timedOut(Duration)

        public var description: String {
            switch self {
            case .cannotStart(let reason): "cannot run the configuration check: \(reason)"
            case .timedOut(let limit): "the configuration check was not done after \(limit)"
            }
        }
    }

    public var program: String
    public var environment: [String: String]
    public var timeout: Duration

    /// A name that the C library looks up, such as that of a server with `init-addr libc`, is given up after some seconds (`resolver(5)`,
    /// "RES_OPTIONS"): then the check names the line.
    public static let usualEnvironment = ["RES_OPTIONS": "timeout:1 attempts:2"]

    public init(
        program: String = "/usr/sbin/haproxy", environment: [String: String] = Self.usualEnvironment,
        timeout: Duration = .seconds(60)
    ) {
        self.program = program
        self.environment = environment
        self.timeout = timeout
    }

    /// Checks a file. With `directory` HAProxy changes there first (`-C`), so that relative file names are found.
    ///
    /// - Parameter limit: how long it may take; nil for ``timeout``.
    public func check(
        file: String, directory: String? = nil, isBackground: Bool = false, within limit: Duration? = nil
    ) async throws(Failure) -> Verdict {
        let timeout = limit ?? timeout
        var arguments = ["-c", "-f", file]
        if let directory { arguments += ["-C", directory] }
        let result: (status: ExitStatus, lines: [String])
        do {
            result = try await ChildProcess.run(
                program: program, arguments: arguments, environment: environment, timeout: timeout,
                isBackground: isBackground)
        } catch let error as SpawnError {
            throw .cannotStart(error.description)
        } catch {
            throw .timedOut(timeout)
        }
        let problems = CheckProblem.all(in: result.lines)
        if result.status == .exited(0) { return .valid(warnings: problems.filter { $0.severity == .warning }) }
        var alerts = problems.filter { $0.severity == .alert }
        alerts = alerts.filter { !$0.isSummary } + alerts.filter(\.isSummary)
        if alerts.isEmpty {
            let words = result.lines.last { !$0.isEmpty } ?? "HAProxy ended with \(result.status) and said nothing"
            alerts = [CheckProblem(severity: .alert, message: words)]
        }
        return .invalid(alerts, output: result.lines.joined(separator: "\n"))
    }
}
