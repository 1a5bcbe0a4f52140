import ArgumentParser
import FlyingFox
import FlyingSocks
import Foundation

/// Plays pods: small HTTP servers on loopback addresses that say what they were asked.
@main
struct ExamplePods: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "example-pods",
        abstract: "Small HTTP servers that answer every request with a JSON description of it.",
        discussion: """
            The answer tells the pod's name, the method, path, host, headers and the peer's address. ?status=418 sets the status \
            of the answer, ?delay=200 makes it wait for so many milliseconds.
            """)

    @Option(help: ArgumentHelp("Be a pod here; can be repeated.", valueName: "name=address:port"))
    var listen: [Listener] = []

    struct Listener: ExpressibleByArgument {
        let name: String
        let address: String
        let port: UInt16

        init?(argument: String) {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let colon = parts[1].lastIndex(of: ":"),
                let port = UInt16(parts[1][parts[1].index(after: colon)...])
            else { return nil }
            name = parts[0]
            address = String(parts[1][..<colon])
            self.port = port
        }
    }

    mutating func validate() throws {
        if listen.isEmpty { throw ValidationError("--listen: at least one pod is needed, for example hello-1=127.0.1.1:8080") }
    }

    func run() async throws {
        let listeners = listen
        try await withThrowingTaskGroup(of: Void.self) { group in
            var servers: [HTTPServer] = []
            for listener in listeners {
                let server = HTTPServer(address: try .inet(ip4: listener.address, port: listener.port), logger: .disabled)
                await server.appendRoute("*") { request in await Self.answer(request, pod: listener.name) }
                servers.append(server)
                group.addTask { try await server.run() }
            }
            for server in servers { try await server.waitUntilListening(timeout: 5) }
            FileHandle.standardOutput.write(Data("listening\n".utf8))
            try await group.waitForAll()
        }
    }

    private static func answer(_ request: HTTPRequest, pod: String) async -> HTTPResponse {
        let query = Dictionary(request.query.map { ($0.name, $0.value) }) { first, _ in first }
        if let delay = query["delay"].flatMap(Int.init) { try? await Task.sleep(for: .milliseconds(delay)) }
        let status = query["status"].flatMap(Int.init) ?? 200
        let source: String? =
            switch request.remoteAddress {
            case .ip4(let address, _), .ip6(let address, _): address
            default: nil
            }
        let body = Answer(
            pod: pod, method: request.method.rawValue, path: request.target.rawValue, host: request.headers[.host],
            headers: Dictionary(request.headers.map { ($0.key.rawValue.lowercased(), $0.value) }) { "\($0), \($1)" },
            source: source)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = (try? encoder.encode(body)) ?? Data()
        return HTTPResponse(
            statusCode: HTTPStatusCode(status, phrase: "Example"),
            headers: [.contentType: "application/json", HTTPHeader("X-Pod"): pod], body: json + Data("\n".utf8))
    }

    private struct Answer: Encodable {
        let pod: String
        let method: String
        let path: String
        let host: String?
        let headers: [String: String]
        let source: String?
    }
}
