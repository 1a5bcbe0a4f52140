/// A command that cannot be said on HAProxy's command line.
public enum RuntimeCommandError: Error, Hashable, Sendable, CustomStringConvertible {
    case emptyArgument(command: String)
    case controlCharacter(command: String, argument: String)
    case tooManyArguments(command: String)

    public var description: String {
        switch self {
        case .emptyArgument(let command): "\(command): an argument is empty"
        case .controlCharacter(let command, let argument):
            "\(command): \(argument.debugDescription) has a control character"
        case .tooManyArguments(let command): "\(command): more than 64 words"
        }
    }
}

/// One command for the Runtime API, with arguments that stay arguments (management manual, section 9.3).
public struct RuntimeCommand: Hashable, Sendable, CustomStringConvertible {
    /// The words that name the command, such as `add map`.
    public let verb: String
    /// The whole line, escaped, without the mark of a payload.
    public let line: String
    /// Lines for the command to read, each ended by a newline; nil for none. Never escaped: HAProxy takes them as they are.
    public let payload: String?

    /// `verb` is the program's own text; the arguments may come from anywhere.
    ///
    /// An argument that is empty or has a newline or another control character (except tab) cannot be said and is refused. Empty
    /// lines end a payload, so they are left out of it, as are carriage returns.
    public init(
        _ verb: StaticString, _ arguments: [String] = [], payload: String? = nil
    ) throws(RuntimeCommandError) {
        let name = verb.description
        var words = [name]
        for argument in arguments { words.append(try Self.escape(argument, in: name)) }
        // HAProxy's MAX_CLI_ARGS.
        guard arguments.count + 4 <= 64 else { throw .tooManyArguments(command: name) }
        self.verb = name
        line = words.joined(separator: " ")
        if let payload {
            guard !payload.utf8.contains(0) else { throw .controlCharacter(command: name, argument: "the payload") }
            // By bytes: HAProxy knows no other ends of lines, such as U+2028.
            let lines = payload.utf8.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
            self.payload = lines.map { "\(Substring($0))\n" }.joined()
        } else {
            self.payload = nil
        }
    }

    public var description: String { payload == nil ? line : "\(line) <<" }

    /// One argument as HAProxy's command line reads it back: blanks, `;` and `\` get a backslash, and so does `<`, because a line
    /// that ends in `<<` would ask for a payload.
    static func escape(_ argument: String, in command: String) throws(RuntimeCommandError) -> String {
        guard !argument.isEmpty else { throw .emptyArgument(command: command) }
        var escaped = ""
        for scalar in argument.unicodeScalars {
            switch scalar {
            case " ", "\t", ";", "\\", "<": escaped += "\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                throw .controlCharacter(command: command, argument: argument)
            default: break
            }
            escaped.unicodeScalars.append(scalar)
        }
        return escaped
    }

    /// What is written to the socket, the final newline included.
    var text: String { payload.map { "\(line) <<\n\($0)\n" } ?? "\(line)\n" }

    /// How many `+ ` prompts HAProxy writes for the payload in interactive mode.
    var payloadPrompts: Int { payload.map { $0.utf8.count { $0 == UInt8(ascii: "\n") } + 1 } ?? 0 }
}

extension RuntimeCommand {
    /// Commands that add entries to a map, as few as fit the size limit of one command.
    ///
    /// An entry whose key has blanks, or whose value would not survive as the rest of a payload line, gets a command of its own.
    /// `version` comes from `prepare map`; without it entries are visible at once.
    public static func addToMap(
        _ map: String, version: Int? = nil, entries: [(key: String, value: String)], limit: Int = RuntimeSocket.defaultSizeLimit
    ) throws(RuntimeCommandError) -> [RuntimeCommand] {
        let target = (version.map { ["@\($0)"] } ?? []) + [map]
        let room = limit - (try RuntimeCommand("add map", target)).line.utf8.count - 8
        var commands: [RuntimeCommand] = []
        var payload = ""
        func flush() throws(RuntimeCommandError) {
            if !payload.isEmpty { commands.append(try RuntimeCommand("add map", target, payload: payload)) }
            payload = ""
        }
        for (key, value) in entries {
            let isPlain = !(key + value).utf8.contains { $0 < 0x20 || $0 == 0x7f }
            let blank = UInt8(ascii: " ")
            let survives =
                isPlain && !key.utf8.contains(blank) && !key.isEmpty && !value.isEmpty && value.utf8.first != blank
            guard survives else {
                try flush()
                commands.append(try RuntimeCommand("add map", target + [key, value]))
                continue
            }
            let entry = "\(key) \(value)\n"
            if payload.utf8.count + entry.utf8.count > room { try flush() }
            payload += entry
        }
        try flush()
        return commands
    }
}
