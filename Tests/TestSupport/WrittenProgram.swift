import Foundation

/// Writes a script that can be run at once.
///
/// Another process writes it: a file that this one has open for writing is, for a moment, open in whatever is being started at the
/// same time as well, and cannot be run until it is not ("Text file busy").
public func writeProgram(_ file: URL, _ script: String) throws {
    let text = file.appendingPathExtension("text")
    try Data(script.utf8).write(to: text)
    defer { try? FileManager.default.removeItem(at: text) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/install")
    process.arguments = ["-m", "755", text.path, file.path]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
}
