import Foundation
import TestSupport
import Testing

@Suite("New Services")
struct SpareBackendTests {
    private static func new(_ name: String, pods: [Int] = [2]) -> String {
        Manifests.service(name, pods: pods) + Manifests.ingress(name, host: "\(name).example.com", service: name)
    }

    @Test(
        "new Services answer without a reload, scale, go and come back, and have backends of their own after the next reload")
    func spares() async throws {
        let files = ["all.yaml": Manifests.service() + Manifests.ingress(), "config.yaml": Manifests.configMap([:])]
        try await TestController.with(files, pods: ["a", "b"]) { controller async throws in
            for round in 0..<6 {
                let (name, url) = ("new\(round % 3)", "http://new\(round % 3).example.com/")
                try await controller.write("new.yaml", Self.new(name))
                try await controller.eventually(url) { $0.pod == "b" }
                #expect(try await controller.request("https://new\(round % 3).example.com/").pod == "b")
                try await controller.write("new.yaml", Self.new(name, pods: [1, 2]))
                try await controller.wait("both pods answer") { try await controller.podsAnswering(url) == ["a", "b"] }
                if round < 5 { try await controller.remove("new.yaml") }
                if round < 5 { try await controller.eventually(url) { $0.status == 404 } }
            }
            #expect(try await controller.reloads() == 0)
            let standsIn = controller.log.contains("stands in for shop_svc_new2_http until the next reload")
            #expect(standsIn != TestedHAProxy.createsBackends)
            try await controller.wait("the file has it under its own name") {
                controller.configuration.contains("backend shop_svc_new2_http")
            }
            try await controller.write("config.yaml", Manifests.configMap(["timeout-server": "42s"]))
            try await controller.wait("the next reload") { try await controller.reloads() == 1 }
            #expect(try await controller.metric("haproxy_ingress_reloads_total{reason=\"lines\"}") == 1)
            #expect(try await controller.podsAnswering("http://new2.example.com/") == ["a", "b"])
            let servers = try await controller.runtimeAPI("show servers state shop_svc_new2_http")
            #expect(servers.contains("127."), "\(servers)")
            try await controller.write("more.yaml", (3..<9).map { Self.new("new\($0)") }.joined())
            for number in 3..<9 { try await controller.eventually("http://new\(number).example.com/") { $0.pod == "b" } }
            #expect(try await controller.reloads() == 1)
        }
    }

    @Test("new Services whose clients stay with a pod need no reload either, and the next one takes no client from its pod")
    func cookies() async throws {
        let settings = ["cookie-persistence": "mine"]
        func sticky(_ name: String) -> String {
            Manifests.service(name, pods: [1, 2], annotations: settings)
                + Manifests.ingress(name, host: "\(name).example.com", service: name)
        }
        let files = ["all.yaml": sticky("web"), "config.yaml": Manifests.configMap([:])]
        try await TestController.with(files, pods: ["a", "b"]) { controller async throws in
            var sessions: [(url: String, cookie: String, pod: String)] = []
            for name in ["one", "two"] {
                let url = "http://\(name).example.com/"
                try await controller.write("\(name).yaml", sticky(name))
                let first = try await controller.eventually(url) { $0.status == 200 }
                let cookie = try #require(first.header("set-cookie")?.split(separator: ";").first.map(String.init))
                #expect(cookie.hasPrefix("mine="))
                sessions.append((url, cookie, try #require(first.pod)))
            }
            #expect(Set(sessions.map(\.cookie)).count == 2)
            #expect(try await controller.reloads() == 0, "\(controller.log)")
            func check() async throws {
                for session in sessions {
                    for _ in 0..<4 {
                        let answer = try await controller.request(session.url, headers: ["Cookie": session.cookie])
                        #expect(answer.pod == session.pod)
                    }
                }
            }
            try await check()
            try await controller.write("config.yaml", Manifests.configMap(["timeout-server": "42s"]))
            try await controller.wait("the next reload") { try await controller.reloads() == 1 }
            try await check()
        }
    }

    @Test("--spare-backends 0 reloads for each")
    func none() async throws {
        let files = ["all.yaml": Manifests.service() + Manifests.ingress()]
        try await TestController.with(files, pods: ["a", "b"], arguments: ["--spare-backends", "0"]) { controller async throws in
            try await controller.write("new.yaml", Self.new("new"))
            try await controller.eventually("http://new.example.com/") { $0.pod == "b" }
            try await controller.wait("the reload is counted") {
                try await controller.metric("haproxy_ingress_reloads_total{reason=\"new-backend\"}") >= 1
            }
            try await controller.wait("the reload is told") { controller.log.contains("backend shop_svc_new_http is new") }
        }
    }
}
