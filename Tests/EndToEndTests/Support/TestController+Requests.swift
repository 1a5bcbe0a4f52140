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
    func adminPage(_ path: String) async throws -> Response {
        Response(
            curl: try await run(
                Self.curl, ["--silent", "--include", "--max-time", "30", "--noproxy", "*", "http://127.0.0.1:\(admin)\(path)"]))
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
}
