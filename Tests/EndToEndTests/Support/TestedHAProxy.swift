import Foundation

/// The HAProxy that the tests run.
enum TestedHAProxy {
    /// Major and minor version; 0 when it cannot be asked.
    static let version: (major: Int, minor: Int) = {
        let environment = ProcessInfo.processInfo.environment
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: environment["TEST_HAPROXY"] ?? "/usr/sbin/haproxy")
        process.arguments = ["-v"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return (0, 0) }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let numbers = text.drop { !$0.isNumber }.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : (0, 0)
    }()

    /// Whether it creates backends while it runs.
    static let createsBackends = version >= (3, 4)
}
