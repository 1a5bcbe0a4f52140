import Foundation
import Testing

@Suite("Timeouts and the process")
struct TimeoutTests {
    @Test("timeout-server answers 504 for pods that take longer, where it is set")
    func timeoutServer() async throws {
        let manifests =
            Manifests.service() + Manifests.service("patient", annotations: ["timeout-server": "5s"])
            + Manifests.ingress(annotations: ["timeout-server": "200ms"])
            + Manifests.ingress("patient", host: "patient.example.com", service: "patient")
        let files = ["all.yaml": manifests, "map.yaml": Manifests.configMap(["timeout-server": "300ms"])]
        try await TestController.with(files) { controller async throws in
            #expect(try await controller.request("http://shop.example.com/?delay=1500").status == 504)
            #expect(try await controller.request("http://shop.example.com/").status == 200)
            #expect(try await controller.request("http://patient.example.com/?delay=1000").status == 200)
            try await controller.write("all.yaml", manifests.replacingOccurrences(of: "\"5s\"", with: "\"never\""))
            try await controller.eventually("http://patient.example.com/?delay=1000") { $0.status == 504 }
            #expect(controller.log.contains("Service shop/patient: haproxy.org/timeout-server"))
        }
    }

    @Test("timeout-client ends the wait for a client that stops in the middle of its request's head")
    func timeoutClient() async throws {
        let files = [
            "all.yaml": Manifests.service() + Manifests.ingress(), "map.yaml": Manifests.configMap(["timeout-client": "300ms"]),
        ]
        try await TestController.with(files) { controller async throws in
            let start = ContinuousClock.now
            let answer = try await controller.exchange("GET / HTTP/1.1\r\nHost: shop.example.com\r\n", within: 8)
            #expect(answer.hasPrefix("HTTP/1.1 408"), "\(answer)")
            // Without it timeout-http-request would have ended it after five seconds.
            #expect(ContinuousClock.now - start < .seconds(3))
        }
    }

    @Test("timeout-http-request ends the wait for a request's head, and timeout-http-keep-alive that for the next request")
    func idleClients() async throws {
        let files = [
            "all.yaml": Manifests.service() + Manifests.ingress(),
            "map.yaml": Manifests.configMap(["timeout-http-request": "300ms", "timeout-http-keep-alive": "400ms"]),
        ]
        try await TestController.with(files) { controller async throws in
            let request = "GET / HTTP/1.1\r\nHost: shop.example.com\r\n"
            let start = ContinuousClock.now
            #expect(try await controller.exchange(request, within: 8).hasPrefix("HTTP/1.1 408"))
            // Without the keys the client would wait five seconds, and for a minute after an answer.
            let answer = try await controller.exchange("\(request)\r\n", within: 8)
            #expect(answer.hasPrefix("HTTP/1.1 200"))
            #expect(ContinuousClock.now - start < .seconds(4))
        }
    }

    @Test("timeout-check is how long a pod may take for the answer to a check")
    func check() async throws {
        let annotations = ["check-http": "/?delay=1500ms", "check-interval": "200ms"]
        func manifests(_ timeout: String) -> String {
            Manifests.service(annotations: annotations.merging(["timeout-check": timeout]) { $1 }) + Manifests.ingress()
        }
        try await TestController.with(["all.yaml": manifests("5s")]) { controller async throws in
            try await controller.wait("a check has succeeded") {
                try await controller.runtimeAPI("show stat").contains(",L7OK,")
            }
            try await controller.write("all.yaml", manifests("100ms"))
            try await controller.eventually("http://shop.example.com/") { $0.status == 503 }
        }
    }

    @Test("hard-stop-after cuts what is still open in the old process that long after a reload")
    func hardStop() async throws {
        func configMap(_ more: [String: String]) -> String {
            Manifests.configMap(more.merging(["hard-stop-after": "500ms"]) { $1 })
        }
        let files = ["all.yaml": Manifests.service() + Manifests.ingress(), "map.yaml": configMap([:])]
        try await TestController.with(files) { controller async throws in
            let slow = controller.hold("http://shop.example.com/")
            try await controller.wait("the request is under way") { try await controller.sessions(ofPod: 1) == 1 }
            let start = ContinuousClock.now
            try await controller.write("map.yaml", configMap(["timeout-client": "40s"]))
            #expect(try await slow.response.status != 200)
            // Less than timeout-server, which would end the request by itself.
            #expect(ContinuousClock.now - start < .seconds(40))
            #expect(try await controller.request("http://shop.example.com/").status == 200)
        }
    }

    @Test("maxconn is that of the process and changes without a reload")
    func maxconn() async throws {
        func files(_ limit: String) -> [String: String] {
            ["all.yaml": Manifests.service() + Manifests.ingress(), "map.yaml": Manifests.configMap(["maxconn": limit])]
        }
        try await TestController.with(files("137")) { controller async throws in
            #expect(try await controller.runtimeAPI("show info").contains("\nMaxconn: 137\n"))
            for limit in ["100", "130"] {
                try await controller.write("map.yaml", Manifests.configMap(["maxconn": limit]))
                try await controller.wait("the limit is in force") {
                    try await controller.runtimeAPI("show info").contains("\nMaxconn: \(limit)\n")
                }
            }
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
        }
    }

    /// More open files than Linux lets any process have.
    private static let fileLimit =
        (try? String(contentsOfFile: "/proc/sys/fs/nr_open", encoding: .utf8)).flatMap { Int($0.filter(\.isNumber)) } ?? 0

    @Test(
        "a maxconn for which there are not enough open files is its ConfigMap's error, and holds up nobody",
        .enabled(if: (1..<50_000_000).contains(fileLimit), "this system has no limit that can be exceeded"))
    func tooManyConnections() async throws {
        func files(_ limit: String) -> String { Manifests.configMap(["maxconn": limit, "timeout-server": "31s"]) }
        let manifests = [
            "all.yaml": Manifests.service() + Manifests.ingress(), "map.yaml": Manifests.configMap(["maxconn": "137"]),
        ]
        try await TestController.with(manifests) { controller async throws in
            try await controller.write("map.yaml", files("\(Self.fileLimit)"))
            try await controller.wait("the rest is in force") { controller.configuration.contains("timeout server 31s") }
            try await controller.wait("the refusal is told") { controller.log.contains("maxconn: \"\(Self.fileLimit)\"") }
            #expect(controller.log.contains("raise the limit of the process"), "\(controller.log)")
            #expect(try await controller.request("http://shop.example.com/").status == 200)
            try await controller.write("map.yaml", files("150"))
            try await controller.wait("the value is in force, with a reload") {
                try await controller.runtimeAPI("show info").contains("\nMaxconn: 150\n")
            }
        }
    }

    @Test("nbthread is the number of the process's threads, and more than there are processors are refused")
    func threads() async throws {
        let files = [
            "all.yaml": Manifests.service() + Manifests.ingress(), "map.yaml": Manifests.configMap(["nbthread": "1"]),
        ]
        try await TestController.with(files) { controller async throws in
            #expect(try await controller.runtimeAPI("show info").contains("\nNbthread: 1\n"))
            try await controller.write("map.yaml", Manifests.configMap(["nbthread": "4096"]))
            try await controller.wait("the refusal is told") {
                controller.log.contains("ConfigMap default/haproxy-configmap: nbthread: \"4096\": is more threads than there are")
            }
            #expect(try await controller.request("http://shop.example.com/").status == 200)
        }
    }
}
