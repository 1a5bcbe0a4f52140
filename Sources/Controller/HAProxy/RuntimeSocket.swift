import Core
import Foundation

/// Why a Runtime API command was not done.
public enum RuntimeSocketError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreachable(path: String, reason: String)
    case timedOut(path: String, after: Duration)
    /// The answer tells why, in HAProxy's words.
    case refused(command: String, answer: String)
    /// The command is larger than HAProxy's buffer; it was not sent.
    case tooLarge(command: String, size: Int, limit: Int)
    /// HAProxy closed the connection after so many answers, or answered something that cannot be read.
    case brokenAnswer(command: String)

    public var description: String {
        switch self {
        case .unreachable(let path, let reason): "HAProxy's socket \(path) cannot be reached: \(reason)"
        case .timedOut(let path, let limit): "HAProxy's socket \(path) did not answer within \(limit)"
        case .refused(let command, let answer): "HAProxy refused \"\(command)\": \(answer)"
        case .tooLarge(let command, let size, let limit):
            "\"\(command)\" has \(size) bytes, HAProxy takes at most \(limit) in one command"
        case .brokenAnswer(let command): "HAProxy closed the connection before it answered \"\(command)\""
        }
    }
}

/// A command that HAProxy refused, among others that it may have done.
public struct RuntimeRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The command's place in the batch.
    public var index: Int
    public var command: RuntimeCommand
    public var answer: String

    public var description: String { "HAProxy refused \"\(command)\": \(answer)" }
}

/// HAProxy's Runtime API over its UNIX stats socket (management manual, section 9.3).
///
/// Every call opens a connection, enters the interactive mode and sends all commands at once: one round trip for any number of
/// commands, with each answer on its own. A few thousand `add map` take some ten milliseconds.
public struct RuntimeSocket: Sendable {
    /// What one command may have, payload included, with HAProxy's standard buffer of 16,384 bytes. The hard limit is 16,383;
    /// exactly 16,384 can crash the worker of HAProxy 2.6, so a distance is kept.
    public static let defaultSizeLimit = 15_360

    public let path: String
    public let timeout: Duration
    /// The largest command, in bytes.
    public private(set) var sizeLimit: Int

    /// Where commands go, instead of to the process that listens at ``path`` now.
    private var session: RuntimeSession?

    /// `bufferSize` is the `tune.bufsize` in force.
    public init(path: String, timeout: Duration = .seconds(10), bufferSize: Int = 16_384) {
        self.path = path
        self.timeout = timeout
        sizeLimit = ReaderLimits(bufferSize: bufferSize).command
    }

    /// The same socket of a HAProxy with another `tune.bufsize`.
    func with(bufferSize: Int) -> RuntimeSocket {
        var socket = self
        socket.sizeLimit = ReaderLimits(bufferSize: bufferSize).command
        return socket
    }

    /// The same socket with an open connection to the process that listens there now. While HAProxy loads other files nobody else could
    /// say which process a new connection leads to.
    public func pinned() async throws(RuntimeSocketError) -> RuntimeSocket {
        var socket = self
        do { socket.session = try await RuntimeSession(path: path, timeout: timeout) } catch { throw described(error) }
        return socket
    }

    private func described(_ error: UnixConnectionError) -> RuntimeSocketError {
        switch error {
        case .timedOut: .timedOut(path: path, after: timeout)
        case .unreachable(let reason): .unreachable(path: path, reason: reason)
        }
    }

    /// Sends one command and returns the answer without its final newlines, whatever it says.
    public func send(_ command: RuntimeCommand) async throws(RuntimeSocketError) -> String {
        guard let answer = try await send(batch: [command]).first else { throw .brokenAnswer(command: command.description) }
        return answer
    }

    /// Sends commands in order and returns their answers in the same order. A refused command does not stop those after it.
    public func send(batch: [RuntimeCommand]) async throws(RuntimeSocketError) -> [String] {
        guard !batch.isEmpty else { return [] }
        var text = ""
        for command in batch {
            let bytes = command.text
            guard bytes.utf8.count <= sizeLimit else {
                throw .tooLarge(command: command.description, size: bytes.utf8.count, limit: sizeLimit)
            }
            text += bytes
        }
        do {
            if let session {
                return try Self.answers(try await session.send(text, answers: batch.count)[...], to: batch)
            }
            let reply = try await UnixConnection.exchange(
                path: path, sending: Array("prompt\n\(text)quit\n".utf8), timeout: timeout)
            // The first prompt answers `prompt` itself.
            return try Self.answers(Self.pieces(of: reply).dropFirst(), to: batch)
        } catch let error as UnixConnectionError {
            throw described(error)
        } catch let error as RuntimeSocketError {
            throw error
        } catch {
            throw .unreachable(path: path, reason: "\(error)")
        }
    }

    /// Sends one command and throws `.refused` unless the answer says that it was done.
    @discardableResult
    public func perform(_ command: RuntimeCommand) async throws(RuntimeSocketError) -> String {
        let answer = try await send(command)
        guard command.isSuccess(answer) else { throw .refused(command: command.description, answer: answer) }
        return answer
    }

    /// Sends commands in order and returns those that were refused.
    public func perform(batch: [RuntimeCommand]) async throws(RuntimeSocketError) -> [RuntimeRefusal] {
        let answers = try await send(batch: batch)
        return zip(batch, answers).enumerated().compactMap { index, pair in
            pair.0.isSuccess(pair.1) ? nil : RuntimeRefusal(index: index, command: pair.0, answer: pair.1)
        }
    }

    /// Takes an interactive session apart: each answer is followed by a prompt on a line of its own.
    static func pieces(of reply: [UInt8]) -> [ArraySlice<UInt8>] {
        // Some answers hold NUL bytes (the ALPN list of `show ssl crt-list`).
        let bytes = reply.filter { $0 != 0 }
        var pieces: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var index = start
        while index + 2 < bytes.count {
            if bytes[index] == UInt8(ascii: "\n"), bytes[index + 1] == UInt8(ascii: ">"), bytes[index + 2] == UInt8(ascii: " ") {
                pieces.append(bytes[start..<index])
                index += 3
                start = index
            } else {
                index += 1
            }
        }
        return pieces
    }

    /// Each payload line was acknowledged by `+ ` in front of the answer.
    private static func answers(
        _ answers: ArraySlice<ArraySlice<UInt8>>, to batch: [RuntimeCommand]
    ) throws(RuntimeSocketError) -> [String] {
        guard answers.count >= batch.count else {
            throw .brokenAnswer(command: batch[max(0, answers.count)].description)
        }
        return zip(batch, answers).map { command, bytes in
            var answer = String(decoding: bytes, as: UTF8.self)[...]
            for _ in 0..<command.payloadPrompts where answer.hasPrefix("+ ") { answer = answer.dropFirst(2) }
            while answer.last?.isNewline == true { answer = answer.dropLast() }
            return String(answer)
        }
    }
}
