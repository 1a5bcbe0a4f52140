import Foundation
import TestSupport

/// A DNS server on port 53 of an address of its own, and a HAProxy whose /etc/resolv.conf names it and nothing else.
struct NameServer: Sendable {
    /// Whether this machine lets tests have both: root may.
    static let isPossible: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "sh", "-c",
            "unshare --mount --map-root-user true && python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind((\"127.0.0.1\", 53))'",
        ]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    /// What stands for HAProxy in the controller's arguments.
    let arguments: [String]
    private let process: Process
    private let queries: URL

    /// Runs `body` while the server answers.
    ///
    /// - Parameter names: the addresses of names; names that begin with `silent` get no answer, others do not exist.
    static func with(_ names: [String: String], _ body: (NameServer) async throws -> Void) async throws {
        let directory = try TemporaryDirectory("names")
        defer { directory.remove() }
        let server = try NameServer(names, in: directory)
        do {
            try await wait(for: "the DNS server listens") {
                FileManager.default.fileExists(atPath: directory.file("up").path)
            }
            try await body(server)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    /// The names that were asked for.
    var asked: Set<String> {
        Set(((try? String(contentsOf: queries, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init))
    }

    private init(_ names: [String: String], in directory: TemporaryDirectory) throws {
        let address = "\(Loopback.network())53"
        let resolver = try directory.write("resolv.conf", "nameserver \(address)\n")
        queries = try directory.write("queries", "")
        let haproxy = ProcessInfo.processInfo.environment["TEST_HAPROXY"] ?? "haproxy"
        // The process that the controller starts becomes HAProxy itself.
        let program = try directory.write(
            "haproxy",
            """
            #!/bin/sh
            PATH=/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/bin
            haproxy=$(command -v \(haproxy)) exec unshare --mount --map-root-user sh -c \
            'mount --bind \(resolver.path) /etc/resolv.conf && exec "$haproxy" "$@"' sh "$@"

            """)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
        arguments = ["--program", program.path]
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let table = names.map { "\($0)=\($1)" }.sorted().joined(separator: ",")
        process.arguments = ["python3", "-c", Self.script, address, table, queries.path, directory.file("up").path]
        process.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin"]
        try process.run()
    }

    private func stop() async {
        kill(process.processIdentifier, SIGKILL)
        while process.isRunning { try? await Task.sleep(for: .milliseconds(20)) }
    }

    private static let script = #"""
        import socket, struct, sys

        table = dict(pair.split('=') for pair in sys.argv[2].split(',') if pair)
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((sys.argv[1], 53))
        log = open(sys.argv[3], 'a')
        open(sys.argv[4], 'w').close()
        while True:
            query, client = server.recvfrom(4096)
            labels, place = [], 12
            while query[place]:
                labels.append(query[place + 1:place + 1 + query[place]].decode())
                place += query[place] + 1
            name, kind = '.'.join(labels), struct.unpack('>H', query[place + 1:place + 3])[0]
            log.write(name + '\n')
            log.flush()
            if name.startswith('silent'): continue
            address = table.get(name)
            data = b''
            if address and kind == 1 and ':' not in address: data = socket.inet_pton(socket.AF_INET, address)
            if address and kind == 28 and ':' in address: data = socket.inet_pton(socket.AF_INET6, address)
            answer = b'\xc0\x0c' + struct.pack('>HHIH', kind, 1, 1, len(data)) + data if data else b''
            flags = 0x8180 if address else 0x8183
            header = query[:2] + struct.pack('>HHHHH', flags, 1, 1 if data else 0, 0, 0)
            server.sendto(header + query[12:place + 5] + answer, client)
        """#
}
