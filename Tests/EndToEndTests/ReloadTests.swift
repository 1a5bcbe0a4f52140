import Foundation
import TestSupport
import Testing

@Suite("Reloads")
struct ReloadTests {
    private let url = "http://shop.example.com/"

    /// Each number is another configuration, which needs a reload.
    private func configMap(_ number: Int) -> String { Manifests.configMap(["timeout-client": "\(40 + number)s"]) }

    private func reload(_ number: Int, _ controller: TestController) async throws {
        try await controller.write("map.yaml", configMap(number))
        try await controller.wait("reload \(number)") { try await controller.reloads() == Double(number) }
    }

    private func files() -> [String: String] {
        ["all.yaml": Manifests.service() + Manifests.ingress(), "map.yaml": configMap(0)]
    }

    @Test("an old worker is counted as long as it has a connection")
    func counted() async throws {
        try await TestController.with(files()) { controller async throws in
            #expect(try await controller.metric("haproxy_ingress_old_workers") == 0)
            let slow = controller.hold(url)
            try await controller.wait("the request is under way") { try await controller.sessions(ofPod: 1) == 1 }
            try await reload(1, controller)
            #expect(try await controller.metric("haproxy_ingress_old_workers") == 1)
            #expect(try await controller.release(slow).status == 200)
            try await controller.wait("the old worker is gone") {
                try await controller.metric("haproxy_ingress_old_workers") == 0
            }
        }
    }

    @Test("of more old workers than --max-old-workers the oldest is ended, and no other")
    func limited() async throws {
        try await TestController.with(files(), arguments: ["--max-old-workers", "2"]) { controller async throws in
            var held: [HeldRequest] = []
            for number in 1...3 {
                held.append(controller.hold(url))
                try await controller.wait("request \(number) is under way") { try await controller.sessions(ofPod: 1) == 1 }
                try await reload(number, controller)
            }
            #expect(try await held[0].response.status != 200)
            #expect(try await controller.metric("haproxy_ingress_old_workers") == 2)
            #expect(controller.log.contains("ended the oldest worker"))
            for request in held.dropFirst() { #expect(try await controller.release(request).status == 200) }
            #expect(try await controller.request(url).status == 200)
        }
    }

    @Test("while a reload waits, pods come and go all the same, also in backends that it changes")
    func waiting() async throws {
        let arguments = ["--sync-period", "1h"]
        let files = [
            "service.yaml": Manifests.service(), "ingress.yaml": Manifests.ingress(), "map.yaml": configMap(0),
        ]
        try await TestController.with(files, pods: ["one", "two", "three"], arguments: arguments) { controller async throws in
            // As many as quiet saves up.
            for number in 1...5 { try await reload(number, controller) }
            try await controller.write("map.yaml", Manifests.configMap(["load-balance": "leastconn", "check-interval": "3s"]))
            try await controller.wait("the reload waits") { controller.log.contains("a reload waits for --sync-period") }
            try await controller.write("service.yaml", Manifests.service(pods: [2, 3]))
            try await controller.wait("the others answer") { try await controller.podsAnswering(url) == ["two", "three"] }
            try await controller.write("service.yaml", Manifests.service(pods: [3]))
            try await controller.wait("the last one answers") { try await controller.podsAnswering(url) == ["three"] }
            #expect(try await controller.reloads() == 5)
            #expect(!controller.configuration.contains("leastconn"))
        }
    }

    @Test("while a reload waits, a server that HAProxy refuses for one backend keeps no other one's pods waiting")
    func refusedWhileWaiting() async throws {
        let arguments = ["--sync-period", "1h", "--drift-check-period", "0"]
        func services(_ pods: [Int]) -> String {
            Manifests.service("first", pods: pods) + Manifests.service("second", pods: pods)
        }
        let routes =
            Manifests.ingress("first", host: "first.example.com", service: "first")
            + Manifests.ingress("second", host: "second.example.com", service: "second")
        let files = ["services.yaml": services([1]), "routes.yaml": routes, "map.yaml": configMap(0)]
        try await TestController.with(files, pods: ["one", "two"], arguments: arguments) { controller async throws in
            for number in 1...5 { try await reload(number, controller) }
            try await controller.write("map.yaml", configMap(6))
            try await controller.wait("the reload waits") { controller.log.contains("a reload waits for --sync-period") }
            // Somebody was there first, with something that cannot be deleted while it serves.
            let name = "shop_svc_first_http/\(controller.network)2:8080"
            #expect(try await controller.runtimeAPI("add server \(name) 127.0.0.1:1").contains("New server registered"))
            try await controller.write("services.yaml", services([2]))
            try await controller.eventually("http://second.example.com/") { $0.pod == "two" }
            #expect(controller.log.contains("servers could not be updated while a reload waits"))
            try await controller.eventually("http://first.example.com/") { $0.pod == "two" }
            #expect(try await controller.reloads() == 5)
        }
    }

    @Test("while HAProxy starts a process that takes long to load, changes are in force at once, and stay")
    func slowLoad() async throws {
        let directory = try TemporaryDirectory("lua")
        defer { directory.remove() }
        let (script, slow) = (directory.url.appendingPathComponent("slow.lua"), directory.url.appendingPathComponent("slow"))
        try Data("if io.open('\(slow.path)') then os.execute('sleep 3') end".utf8).write(to: script)
        let files = [
            "service.yaml": Manifests.service() + Manifests.service("other"), "ingress.yaml": Manifests.ingress(),
            "map.yaml": Manifests.configMap(["global-config-snippet": "lua-load \(script.path)"]),
        ]
        try await TestController.with(files) { controller async throws in
            try Data().write(to: slow)
            let checks = try await controller.metric("haproxy_ingress_configuration_checks_total")
            try await controller.write(
                "other.yaml",
                Manifests.ingress(
                    "other", host: "other.example.com", service: "other",
                    annotations: ["backend-config-snippet": "http-response set-header X-Other yes"]))
            try await controller.wait("HAProxy looks at the files") {
                try await controller.metric("haproxy_ingress_configuration_checks_total") > checks
            }
            var (number, slowest) = (0, Duration.zero)
            while try await controller.reloads() == 0, number < 100 {
                number += 1
                let start = ContinuousClock.now
                try await controller.write(
                    "more-\(number).yaml", Manifests.ingress("more-\(number)", host: "more-\(number).example.com"))
                try await controller.eventually("http://more-\(number).example.com/") { $0.status == 200 }
                slowest = max(slowest, ContinuousClock.now - start)
            }
            #expect(number > 2)
            #expect(slowest < .seconds(2), "of \(number) changes the slowest took \(slowest)")
            try await controller.eventually("http://other.example.com/") { $0.header("x-other") == "yes" }
            for number in 1...max(1, number) {
                #expect(try await controller.request("http://more-\(number).example.com/").status == 200)
            }
            #expect(try await controller.reloads() == 1)
            // What the new process got once more is not there twice.
            let map = try await controller.runtimeAPI("show map maps/host.map")
            #expect(map.split(separator: "\n").count { $0.contains("more-1.example.com") } == 1, "\(map)")
        }
    }

    @Test("the log names the object and the key behind a reload")
    func reasons() async throws {
        let files = ["all.yaml": Manifests.service() + Manifests.ingress(), "map.yaml": Manifests.configMap([:])]
        func reason(_ number: Int, _ controller: TestController) async throws -> String {
            try await controller.wait("reload \(number)") { try await controller.reloads() == Double(number) }
            try await controller.wait("the log tells of it") { loads(controller).count == number }
            return loads(controller).last ?? ""
        }
        func loads(_ controller: TestController) -> [String] {
            controller.log.split(separator: "\n").filter {
                $0.contains("loaded a new configuration: ") && !$0.contains(": start")
            }
            .map(String.init)
        }
        try await TestController.with(files) { controller async throws in
            try await controller.write("map.yaml", Manifests.configMap(["timeout-client": "40s"]))
            #expect(try await reason(1, controller).contains("ConfigMap default/haproxy-configmap: timeout-client"))
            let rewrite = ["path-rewrite": "/other"]
            try await controller.write("all.yaml", Manifests.service() + Manifests.ingress(annotations: rewrite))
            #expect(try await reason(2, controller).contains("Ingress shop/web: haproxy.org/path-rewrite"))
            // The first use of a feature brings its rules.
            let limit = ["rate-limit-requests": "100"].merging(rewrite) { $1 }
            try await controller.write("all.yaml", Manifests.service() + Manifests.ingress(annotations: limit))
            let first = try await reason(3, controller)
            #expect(first.contains("(rate-limit)") && first.contains("what changed: Ingress shop/web"), "\(first)")
        }
    }
}
