import Foundation

/// A program that runs to its end.
public enum Command {
    /// What it prints; its standard input is empty.
    ///
    /// - Throws: ``BenchmarkFailure`` when it cannot be started or fails.
    @discardableResult
    public static func output(_ words: [String]) throws -> String {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchmarkFailure("\(words.joined(separator: " ")) failed: \(text)") }
        return text
    }
}
