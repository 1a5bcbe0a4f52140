import Foundation
import Testing

/// What tests ask HAProxy and the controller.
extension TestController {
    static let curl = URL(fileURLWithPath: "/usr/bin/curl")

    /// A request through HAProxy. `url` is like `http://shop.example.com/cart?x=1`; the host is reached on loopback.
    func request(
        _ url: String, method: String = "GET", headers: [String: String] = [:], authority: URL? = nil, options: [String] = []
    ) async throws -> Response {
        let components = try #require(URLComponents(string: url))
        let host = try #require(components.host)
        let port = components.scheme == "https" ? https : http
        var arguments = [
            "--silent", "--include", "--max-time", "10", "--request", method, "--path-as-is", "--noproxy", "*", "--resolve",
            "\(host):\(port):127.0.0.1",
        ]
        if method == "HEAD" { arguments.append("--head") }
        if let authority { arguments += ["--cacert", authority.path] } else { arguments.append("--insecure") }
        for (name, value) in headers { arguments += ["--header", "\(name): \(value)"] }
        // HAProxy sees the host without our port, as it would on port 80 or 443.
        if headers["Host"] == nil { arguments += ["--header", "Host: \(host)"] }
        var query = components.percentEncodedQuery.map { "?\($0)" } ?? ""
        if query == "?" { query = "" }
        arguments += options + ["\(components.scheme ?? "http")://\(host):\(port)\(components.percentEncodedPath)\(query)"]
        return Response(curl: try await run(Self.curl, arguments))
    }

    /// Repeats a request until it satisfies a condition; fails after `limit`.
    @discardableResult
    func eventually(
        _ url: String, within limit: Duration = .seconds(60), headers: [String: String] = [:], authority: URL? = nil,
        _ condition: (Response) -> Bool, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Response {
        let deadline = ContinuousClock.now + limit
        while true {
            let response = try await request(url, headers: headers, authority: authority)
            if condition(response) { return response }
            guard ContinuousClock.now < deadline else {
                Issue.record(
                    "\(url) still answers \(response.status): \(response.body.prefix(300))\n\(log)",
                    sourceLocation: sourceLocation)
                return response
            }
            try await Task.sleep(for: .milliseconds(30))
        }
    }

    /// A page of the admin endpoint.
    func adminPage(_ path: String, options: [String] = []) async throws -> Response {
        Response(
            curl: try await run(
                Self.curl,
                ["--silent", "--include", "--max-time", "30", "--noproxy", "*"] + options + ["http://127.0.0.1:\(admin)\(path)"]
            ))
    }

    /// haproxy.cfg as the admin endpoint shows it to clients of its socket.
    func shownConfiguration() async throws -> Response {
        try await adminPage("/config", options: ["--unix-socket", runtime.appendingPathComponent("admin.sock").path])
    }

    /// All that is wrong with objects, as the admin socket shows it.
    func findingsPage() async throws -> Response {
        try await adminPage("/findings", options: ["--unix-socket", runtime.appendingPathComponent("admin.sock").path])
    }

    /// A metric's value, summed over its labels.
    func metric(_ name: String) async throws -> Double {
        let lines = try await adminPage("/metrics").body.split(separator: "\n")
        let samples = lines.filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }
        return samples.isEmpty ? .nan : samples.reduce(0) { $0 + (Double($1.split(separator: " ").last ?? "") ?? .nan) }
    }

    /// What the Runtime API answers.
    func runtimeAPI(_ command: String) async throws -> String {
        let socket = runtime.appendingPathComponent("haproxy-runtime-api.sock").path
        let script =
            "import socket,sys;s=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1]);s.sendall(sys.argv[2].encode()+b'\\n');b=b''\nwhile True:\n d=s.recv(65536)\n if not d: break\n b+=d\nsys.stdout.write(b.decode())"
        return try await run(URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", script, socket, command]).output
    }

    /// Sends text to the HTTP port as it is, keeps the connection open and returns what comes back until it is closed, or
    /// until so many seconds have passed.
    func exchange(_ text: String, within seconds: Int) async throws -> String {
        let script =
            "import socket,sys;s=socket.create_connection(('127.0.0.1',int(sys.argv[1])),float(sys.argv[3]));s.settimeout(float(sys.argv[3]));s.sendall(sys.argv[2].encode());b=b''\ntry:\n while True:\n  d=s.recv(65536)\n  if not d: break\n  b+=d\nexcept OSError: pass\nsys.stdout.buffer.write(b)"
        return try await run(
            URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", script, String(http), text, String(seconds)]
        ).output
    }

    /// Sends each text to the HTTP port on a connection of its own, as it is, and returns the answers in order.
    func answers(to requests: [String]) async throws -> [Response] {
        let script = #"""
            import base64, concurrent.futures, json, re, socket, sys
            def ask(text):
                with socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10) as s:
                    s.settimeout(5)
                    answer = b''
                    try:
                        s.sendall(text.encode())
                        while True:
                            head, end, body = answer.partition(b'\r\n\r\n')
                            length = re.search(rb'(?i)content-length: *(\d+)', head)
                            if end and length and len(body) >= int(length[1]): break
                            piece = s.recv(65536)
                            if not piece: break
                            answer += piece
                    except OSError: pass
                    return base64.b64encode(answer).decode()
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                print(json.dumps(list(pool.map(ask, json.load(open(sys.argv[2]))))))
            """#
        let file = directory.appendingPathComponent("requests-\(UUID().uuidString).json")
        try JSONEncoder().encode(requests).write(to: file)
        let result = try await run(
            URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", script, String(http), file.path])
        let answers = try JSONDecoder().decode([Data].self, from: Data(result.output.utf8))
        return answers.map {
            Response(curl: ProgramResult(status: 0, output: String(decoding: $0, as: UTF8.self), errors: ""))
        }
    }
}
