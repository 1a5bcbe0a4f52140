import Foundation
import TestSupport
import Testing

/// Backends that HAProxy from 3.4 on creates while it runs.
@Suite("New Services, HAProxy 3.4", .enabled(if: TestedHAProxy.createsBackends))
struct CreatedBackendTests {
    private static let base = Manifests.service() + Manifests.ingress()

    private static func new(_ name: String, pods: [Int] = [2], annotations: [String: String] = [:]) -> String {
        Manifests.service(name, pods: pods, annotations: annotations)
            + Manifests.ingress(name, host: "\(name).example.com", service: name)
    }

    @Test("a new Service has a backend of its own name in statistics, metrics and log lines at once, and none when it has gone")
    func names() async throws {
        let syslog = try SyslogServer()
        defer { syslog.stop() }
        let logging = Manifests.configMap(["syslog-server": "address:127.0.0.1, port:\(syslog.port), level:info"])
        try await TestController.with(["all.yaml": Self.base + logging], pods: ["a", "b"]) { controller async throws in
            func backends() async throws -> Set<String> {
                let lines = try await controller.runtimeAPI("show backend").split(separator: "\n").map(String.init)
                return Set(lines.filter { $0.contains("_svc_") })
            }
            let before = try await backends()
            try await controller.write("new.yaml", Self.new("new"))
            try await controller.eventually("http://new.example.com/") { $0.pod == "b" }
            #expect(try await controller.request("https://new.example.com/way").pod == "b")
            #expect(try await backends() == before.union(["shop_svc_new_http"]))
            #expect(try await controller.runtimeAPI("show stat shop_svc_new_http 2 -1").contains("shop_svc_new_http,BACKEND,"))
            try await controller.wait("the line came") { syslog.messages(with: "/way").count == 1 }
            #expect(syslog.messages(with: "/way")[0].contains(" shop_svc_new_http/\(controller.network)2:8080 "))
            let metrics = try await controller.request("http://127.0.0.1:\(controller.stats)/metrics")
            if metrics.status == 200 {
                #expect(metrics.body.contains(#"haproxy_backend_http_requests_total{proxy="shop_svc_new_http"} 2"#))
            }
            try await controller.write("new.yaml", Self.new("new", pods: [1, 2]))
            try await controller.wait("both pods answer") {
                try await controller.podsAnswering("http://new.example.com/") == ["a", "b"]
            }
            try await controller.remove("new.yaml")
            try await controller.eventually("http://new.example.com/") { $0.status == 404 }
            try await controller.wait("the backend has gone") { try await backends() == before }
            #expect(try await controller.reloads() == 0)
            #expect(!controller.log.contains("stands in for"))
        }
    }

    @Test("it is deleted and created again 50 times without a reload, and a reload in between changes nothing")
    func recreation() async throws {
        let files = ["all.yaml": Self.base, "config.yaml": Manifests.configMap([:])]
        try await TestController.with(files, pods: ["a", "b"]) { controller async throws in
            let url = "http://new.example.com/"
            for round in 1...50 {
                try await controller.write("new.yaml", Self.new("new"))
                try await controller.eventually(url) { $0.pod == "b" }
                if round == 25 {
                    try await controller.write("config.yaml", Manifests.configMap(["timeout-server": "42s"]))
                    try await controller.wait("the reload") { try await controller.reloads() == 1 }
                    #expect(try await controller.request(url).pod == "b")
                }
                try await controller.remove("new.yaml")
                try await controller.eventually(url) { $0.status == 404 }
            }
            #expect(try await controller.reloads() == 1)
            try await controller.write("many.yaml", (1...20).map { Self.new("many\($0)") }.joined())
            for number in 1...20 { try await controller.eventually("http://many\(number).example.com/") { $0.pod == "b" } }
            try await controller.wait("the files have them") { controller.configuration.contains("backend shop_svc_many20_http") }
            #expect(try await controller.reloads() == 1)
        }
    }

    @Test("a backend that a request keeps is taken back when its Service comes again, and the request ends as if nothing was")
    func comingBack() async throws {
        try await TestController.with(["all.yaml": Self.base], pods: ["a", "b"]) { controller async throws in
            let url = "http://new.example.com/"
            try await controller.write("new.yaml", Self.new("new"))
            try await controller.eventually(url) { $0.pod == "b" }
            let slow = controller.hold(url)
            try await controller.wait("the request is on its way") {
                try await controller.runtimeAPI("show stat shop_svc_new_http 2 -1").contains("BACKEND,0,0,1,")
            }
            try await controller.remove("new.yaml")
            try await controller.eventually(url) { $0.status == 404 }
            try await controller.wait("the backend is withdrawn") {
                try await controller.runtimeAPI("show stat shop_svc_new_http 2 -1").contains("(UNPUB)")
            }
            try await controller.write("new.yaml", Self.new("new", pods: [1, 2]))
            try await controller.eventually(url) { $0.status == 200 }
            let response = try await controller.release(slow)
            #expect(response.status == 200 && response.pod == "b")
            #expect(try await controller.podsAnswering(url) == ["a", "b"])
            #expect(try await controller.reloads() == 0)
        }
    }

    @Test("after the first Service with some settings others with the same need no reload, and obey them")
    func profiles() async throws {
        let settings = [
            "timeout-server": "1s", "load-balance": "leastconn", "check": "true", "cookie-persistence": "mine",
        ]
        try await TestController.with(["all.yaml": Self.base], pods: ["a", "b"]) { controller async throws in
            try await controller.write("first.yaml", Self.new("first", annotations: settings))
            try await controller.eventually("http://first.example.com/") { $0.pod == "b" }
            try await controller.wait("the reload is counted") { try await controller.reloads() == 1 }
            try await controller.remove("first.yaml")
            try await controller.eventually("http://first.example.com/") { $0.status == 404 }
            for round in 1...3 {
                let url = "http://next\(round).example.com/"
                try await controller.write("next.yaml", Self.new("next\(round)", pods: [1, 2], annotations: settings))
                try await controller.eventually(url) { $0.status == 200 }
                #expect(try await controller.request(url).header("set-cookie")?.hasPrefix("mine=") == true)
                #expect(try await controller.request(url + "?delay=2s").status == 504)
                let statistics = try await controller.runtimeAPI("show stat shop_svc_next\(round)_http 2 -1")
                #expect(statistics.contains(",leastconn,"))
            }
            #expect(try await controller.reloads() == 1, "\(controller.log)")
        }
    }

    @Test("a backend without pods answers with the configured error page")
    func errorPages() async throws {
        let pages = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: pages, namespace: ops}
            data: {"503": "<h1>Back soon</h1>"}
            ---

            """
        let arguments = ["--configmap-errorfiles", "ops/pages"]
        try await TestController.with(["all.yaml": Self.base + pages], arguments: arguments) { controller async throws in
            try await controller.write("new.yaml", Self.new("new", pods: []))
            try await controller.eventually("http://new.example.com/") { $0.status == 503 }
            #expect(try await controller.request("http://new.example.com/").body.contains("Back soon"))
            #expect(try await controller.reloads() == 0)
        }
    }

    @Test("lines that defaults do not take cost their Service a reload and nobody else anything")
    func snippets() async throws {
        try await TestController.with(["all.yaml": Self.base], pods: ["a", "b"]) { controller async throws in
            let snippets = [
                "stick-table type ip size 10k expire 1m store conn_cur", "http-request set-header X-Snippet yes",
                "tcp-request content track-sc0 src table nobody",
            ]
            for (number, snippet) in snippets.enumerated() {
                let name = "snippet\(number)"
                try await controller.write(
                    "\(name).yaml", Self.new(name, annotations: ["backend-config-snippet": snippet]))
                try await controller.eventually("http://\(name).example.com/") { $0.pod == "b" }
            }
            // The third is no line that HAProxy takes: its Service does without.
            try await controller.wait("the reloads are counted") { try await controller.reloads() == 2 }
            try await controller.write("new.yaml", Self.new("new"))
            try await controller.eventually("http://new.example.com/") { $0.pod == "b" }
            #expect(try await controller.reloads() == 2)
        }
    }

    @Test("a backend that others delete or take from the requests comes back without a reload")
    func drift() async throws {
        let arguments = ["--drift-check-period", "500ms"]
        try await TestController.with(["all.yaml": Self.base], pods: ["a", "b"], arguments: arguments) {
            controller async throws in
            let (url, name) = ("http://new.example.com/", "shop_svc_new_http")
            try await controller.write("new.yaml", Self.new("new"))
            try await controller.eventually(url) { $0.pod == "b" }
            let server = "\(name)/\(controller.network)2:8080"
            // One that has connections of the requests before stays for a moment.
            let deletion = """
                unpublish backend \(name); set server \(server) state maint; wait 1s srv-removable \(server); \
                del server \(server); del backend \(name)
                """
            for (commands, answer) in [("unpublish backend \(name)", "unpublished"), (deletion, "Backend deleted.")] {
                let before = try await controller.metric("haproxy_ingress_differences_total")
                try await controller.wait("it is done") { try await controller.runtimeAPI(commands).contains(answer) }
                try await controller.wait("it is noticed") {
                    try await controller.metric("haproxy_ingress_differences_total") > before
                }
                try await controller.eventually(url) { $0.pod == "b" }
            }
            #expect(try await controller.reloads() == 0)
            #expect(controller.log.contains("there is no backend \(name)"))
        }
    }

    @Test("a name that others have taken costs a reload, after which the Service has its backend")
    func refusal() async throws {
        let arguments = ["--drift-check-period", "0"]
        try await TestController.with(["all.yaml": Self.base], pods: ["a", "b"], arguments: arguments) {
            controller async throws in
            let profile = try #require(
                controller.configuration.split(separator: "\n").first { $0.hasPrefix("defaults profile_") }?.split(separator: " ")
                    .last)
            #expect(try await controller.runtimeAPI("add backend shop_svc_new_http from \(profile)").contains("registered"))
            try await controller.write("new.yaml", Self.new("new"))
            try await controller.eventually("http://new.example.com/") { $0.pod == "b" }
            try await controller.wait("the reload is counted") {
                try await controller.metric("haproxy_ingress_reloads_total{reason=\"refused-update\"}") == 1
            }
        }
    }
}
