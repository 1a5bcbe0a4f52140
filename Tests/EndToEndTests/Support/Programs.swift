import Foundation

/// The programs under test, beside the test bundle.
enum Programs {
    static var directory: URL {
        Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL.deletingLastPathComponent() ?? fallback
    }
    private static var fallback: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    }

    /// Runs the tests with another HAProxy than the installed one: the value of TEST_HAPROXY.
    static let haproxyArguments = ProcessInfo.processInfo.environment["TEST_HAPROXY"].map { ["--program", $0] } ?? []

    static var controller: URL { directory.appendingPathComponent("haproxy-ingress") }
    static var pods: URL { directory.appendingPathComponent("example-pods") }
    /// The checkout.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
}

/// What a program did that ran to its end.
struct ProgramResult: Sendable {
    let status: Int32
    let output: String
    let errors: String
}

/// Runs a program to its end and returns what it wrote.
func run(
    _ program: URL, _ arguments: [String], environment: [String: String] = [:], input: FileHandle? = nil
) async throws -> ProgramResult {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async {
            let process = Process()
            process.executableURL = program
            process.arguments = arguments
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            let directory = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)")
            let (output, errors) = (directory.appendingPathComponent("out"), directory.appendingPathComponent("err"))
            defer { try? FileManager.default.removeItem(at: directory) }
            do {
                // Files, not pipes: a program that writes much never waits for us.
                try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
                for file in [output, errors] { try Data().write(to: file) }
                process.standardOutput = try FileHandle(forWritingTo: output)
                process.standardError = try FileHandle(forWritingTo: errors)
                process.standardInput = input ?? FileHandle.nullDevice
                try process.run()
                process.waitUntilExit()
                continuation.resume(
                    returning: ProgramResult(
                        status: process.terminationStatus, output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
                        errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self)))
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}
