import Foundation
import TestSupport

/// Pods that answer each request with the bytes, in hexadecimal, that came on the connection before it; with 400 when there
/// were none.
struct RawPods: Sendable {
    let network: String
    private let process: Process

    /// Runs `body` while so many pods listen on port 8080.
    static func with(_ count: Int = 1, _ body: (RawPods) async throws -> Void) async throws {
        let directory = try TemporaryDirectory("raw-pods")
        defer { directory.remove() }
        let pods = try RawPods(count, readyFile: directory.file("up"))
        do {
            try await wait(for: "the pods listen") { FileManager.default.fileExists(atPath: directory.file("up").path) }
            try await body(pods)
        } catch {
            await pods.stop()
            throw error
        }
        await pods.stop()
    }

    /// A manifest whose pods are these.
    func here(_ manifest: String) -> String { manifest.replacingOccurrences(of: "NET.", with: network) }

    private init(_ count: Int, readyFile: URL) throws {
        network = Loopback.network()
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", Self.script, network, String(count), readyFile.path]
        process.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin"]
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    private func stop() async {
        kill(process.processIdentifier, SIGKILL)
        while process.isRunning { try? await Task.sleep(for: .milliseconds(20)) }
    }

    private static let script = #"""
        import re, socket, sys, threading

        def serve(connection):
            with connection:
                connection.settimeout(10)
                data = b''
                while True:
                    request = re.search(rb'[A-Z]+ /[^ ]* HTTP/1\.[01]\r\n(.*\r\n)?\r\n', data, re.S)
                    if request: break
                    piece = connection.recv(65536)
                    if not piece: return
                    data += piece
                body = data[:request.start()].hex().encode()
                status = b'200 OK' if body else b'400 Bad Request'
                connection.sendall(b'HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' % (status, len(body), body))

        def accept(listener):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        for number in range(int(sys.argv[2])):
            listener = socket.create_server((sys.argv[1] + str(number + 1), 8080))
            thread = threading.Thread(target=accept, args=(listener,))
            thread.start()
        open(sys.argv[3], 'w').close()
        """#
}
