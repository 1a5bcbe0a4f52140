import BenchmarkSupport

/// A HAProxy that gets requests.
struct RequestTarget {
    let name: String
    let hosts: Int
    /// How many of the hosts, spread over all, are asked for in turn.
    let asked: Int
    let port: Int
    let process: ProcessFigures
    var results: [Wrk.Result] = []

    init(_ name: String, hosts: Int, asked: Int, port: Int, _ process: ProcessFigures) {
        self.name = name
        self.hosts = hosts
        self.asked = asked
        self.port = port
        self.process = process
    }

    /// A site with the features that are measured. The redirect is to its own host, so that requests reach pods.
    static func site(_ index: Int, podPort: Int) -> Site {
        var site = Site(index)
        site.annotations = [
            ("check", "false"), ("cors-enable", "true"), ("cors-allow-origin", "https://app-\(index).example.com"),
            ("rate-limit-requests", "\(10_000_000 + index)"), ("request-redirect", site.host),
            ("request-set-header", "X-Site site-\(index)"), ("response-set-header", "X-Answer site-\(index)"),
        ]
        site.podPort = podPort
        site.addresses = [1, 2].map { "127.\($0).\(index / 250).\(index % 250 + 1)" }
        return site
    }

    /// - Throws: ``BenchmarkFailure`` when answers are not what the annotations ask for.
    func check() throws {
        for index in [0, hosts / 2, hosts - 1] {
            let answer = try HTTPConnection.get(
                "/", host: "site-\(index).example.com", headers: [("Origin", "https://app-\(index).example.com")], port: port)
            let isRight =
                answer.status == 200 && answer.body.hasSuffix(" site-\(index)") && answer.header("x-answer") == "site-\(index)"
                && answer.header("access-control-allow-origin") == "https://app-\(index).example.com"
            guard isRight else {
                throw BenchmarkFailure("\(name): not what site-\(index) asks for:\n\(answer.head)\n\(answer.body)")
            }
            let moved = try HTTPConnection.get("/", host: "site-\(index).example.com:1", port: port)
            guard moved.status == 302 else { throw BenchmarkFailure("\(name): another port is not redirected: \(moved.head)") }
        }
    }
}
