import Foundation
import Testing

@Suite("Listeners and pages")
struct ListenerTests {
    private let url = "http://shop.example.com/"
    private let files = ["web.yaml": Manifests.service() + Manifests.ingress()]

    private func page(_ controller: TestController, port: Int, _ path: String) async throws -> Response {
        Response(
            curl: try await run(
                URL(fileURLWithPath: "/usr/bin/curl"),
                ["--silent", "--include", "--max-time", "5", "--noproxy", "*", "http://127.0.0.1:\(port)\(path)"]))
    }

    @Test("HAProxy answers on its health, statistics and metrics pages")
    func pages() async throws {
        try await TestController.with(files) { controller async throws in
            #expect(try await page(controller, port: controller.healthz, "/healthz").status == 200)
            #expect(try await page(controller, port: controller.stats, "/").body.contains("Statistics Report"))
            let metrics = try await page(controller, port: controller.stats, "/metrics")
            #expect(metrics.status == 200)
            #expect(metrics.body.contains("haproxy_backend_status{proxy=\"shop_svc_web_http\""))
        }
    }

    @Test("the admin endpoint shows metrics, readiness and the configuration in force")
    func admin() async throws {
        let bad = Manifests.ingress("bad", path: "/bad", annotations: ["timeout-server": "soon"])
        try await TestController.with(files.merging(["bad.yaml": bad]) { $1 }) { controller async throws in
            #expect(try await controller.adminPage("/healthz").status == 200)
            #expect(try await controller.adminPage("/readyz").status == 200)
            #expect(try await controller.adminPage("/nothing").status == 404)
            #expect(try await controller.shownConfiguration().body == controller.configuration)
            let metrics = try await controller.adminPage("/metrics")
            #expect(metrics.header("content-type")?.hasPrefix("text/plain; version=0.0.4") == true)
            #expect(metrics.body.contains("haproxy_ingress_build_info{version="))
            #expect(try await controller.metric("haproxy_ingress_objects{kind=\"Ingress\"}") == 2)
            // An API server has a Service for itself.
            let others = ObjectMode.isCluster ? 1.0 : 0
            #expect(try await controller.metric("haproxy_ingress_objects{kind=\"Service\"}") == 1 + others)
            #expect(try await controller.metric("haproxy_ingress_rejected_objects") == 1)
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
            #expect(try await controller.metric("haproxy_ingress_sync_duration_seconds_count") >= 1)
            #expect(try await controller.metric("haproxy_ingress_sync_duration_seconds_bucket{le=\"+Inf\"}") >= 1)
            let before = try await controller.metric("haproxy_ingress_runtime_updates_total")
            try await controller.write("bad.yaml", Manifests.ingress("bad", path: "/good"))
            try await controller.eventually(url + "good") { $0.status == 200 }
            // HAProxy has the change a moment before it is counted.
            try await controller.wait("the change is counted") {
                try await controller.metric("haproxy_ingress_runtime_updates_total") > before
            }
            #expect(try await controller.metric("haproxy_ingress_rejected_objects") == 0)
        }
    }

    @Test("nothing listens on an address that no flag gave")
    func listeners() async throws {
        try await TestController.with(files) { controller async throws in
            let processes = ProcessTable.processes(mentioning: controller.runtime)
            // The controller, HAProxy's master and its worker.
            #expect(processes.count >= 3)
            let expected = [controller.http, controller.https, controller.healthz, controller.stats, controller.admin]
            let found = processes.reduce(into: Set<String>()) { $0.formUnion(ProcessTable.listeners(of: $1)) }
            #expect(found == Set(expected.map { "127.0.0.1:\($0)" }))
        }
    }

    @Test("port 0 and the disabling flags leave listeners out")
    func disabled() async throws {
        let arguments = ["--http-bind-port", "0", "--healthz-bind-port", "0", "--stats-bind-port", "0", "--disable-https"]
        let all = files.merging(["more.yaml": Manifests.ingress("more", path: "/more")]) { $1 }
        try await TestController.with(all, arguments: arguments) { controller async throws in
            let processes = ProcessTable.processes(mentioning: controller.runtime)
            let found = processes.reduce(into: Set<String>()) { $0.formUnion(ProcessTable.listeners(of: $1)) }
            #expect(found == ["127.0.0.1:\(controller.admin)"])
        }
    }

    @Test("HTTPS alone serves when HTTP is disabled")
    func onlyHTTPS() async throws {
        try await TestController.with(files, arguments: ["--disable-http"]) { controller async throws in
            #expect(try await controller.request("https://shop.example.com/").pod == "pod-1")
            #expect(try await controller.request(url).curlStatus == 7)
        }
    }

    @Test("the listeners are at the address that --ipv4-bind-address gives")
    func addresses() async throws {
        try await TestController.with(files, arguments: ["--ipv4-bind-address", "127.0.0.9"]) { controller async throws in
            let processes = ProcessTable.processes(mentioning: controller.runtime)
            let found = processes.reduce(into: Set<String>()) { $0.formUnion(ProcessTable.listeners(of: $1)) }
            #expect(found.contains("127.0.0.9:\(controller.http)"))
            #expect(!found.contains("127.0.0.1:\(controller.http)"))
        }
    }

    @Test("two controllers run side by side, and the end of one does not touch the other")
    func sideBySide() async throws {
        try await TestController.with(files, pods: ["left"]) { left async throws in
            try await TestController.with(files, pods: ["right"]) { right async throws in
                #expect(try await left.request(url).pod == "left")
                #expect(try await right.request(url).pod == "right")
            }
            #expect(try await left.request(url).pod == "left")
            try await left.write("more.yaml", Manifests.ingress("more", host: "more.example.com"))
            try await left.eventually("http://more.example.com/") { $0.pod == "left" }
        }
    }
}
