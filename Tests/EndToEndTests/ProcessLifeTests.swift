import Foundation
import TestSupport
import Testing

@Suite("HAProxy's life")
struct ProcessLifeTests {
    private let url = "http://shop.example.com/"
    private let files = ["web.yaml": Manifests.service() + Manifests.ingress()]

    enum Victim: CaseIterable { case master, worker }

    private func pid(of victim: Victim, _ controller: TestController) async throws -> Int32 {
        switch victim {
        case .master:
            let text = try String(contentsOf: controller.runtime.appendingPathComponent("haproxy.pid"), encoding: .utf8)
            return try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        case .worker:
            let line = try await controller.runtimeAPI("show info").split(separator: "\n").first { $0.hasPrefix("Pid: ") }
            return try #require(line.flatMap { Int32($0.dropFirst(5)) })
        }
    }

    @Test("a killed HAProxy is started again and serves what was changed at run time before", arguments: Victim.allCases)
    func killed(victim: Victim) async throws {
        try await TestController.with(files, pods: ["pod-1", "pod-2"]) { controller async throws in
            try await controller.write("web.yaml", Manifests.service(pods: [2]) + Manifests.ingress(path: "/new"))
            try await controller.eventually(url + "new") { $0.pod == "pod-2" }
            try await controller.write(
                "more.yaml", Manifests.service("more", pods: [1]) + Manifests.ingress("more", path: "/more", service: "more"))
            try await controller.eventually(url + "more") { $0.pod == "pod-1" }
            #expect(try await controller.reloads() == 0)
            kill(try await pid(of: victim, controller), SIGKILL)
            try await controller.wait("the death is noticed") { controller.log.contains("HAProxy ended unexpectedly") }
            try await controller.eventually(url + "new") { $0.pod == "pod-2" }
            try await controller.eventually(url + "more") { $0.pod == "pod-1" }
            #expect(try await controller.request(url).status == 404)
            try await controller.write("web.yaml", Manifests.service(pods: [1]) + Manifests.ingress())
            try await controller.eventually(url) { $0.pod == "pod-1" }
            try await controller.wait("the servers that are gone are deleted") { try await controller.servers().count == 2 }
        }
    }

    @Test("what changes while HAProxy is dead is there when it is back")
    func changedMeanwhile() async throws {
        try await TestController.with(files, pods: ["pod-1", "pod-2"]) { controller async throws in
            kill(try await pid(of: .master, controller), SIGKILL)
            try await controller.write("web.yaml", Manifests.service(pods: [2]) + Manifests.ingress())
            try await controller.write(
                "new.yaml", Manifests.service("new", pods: [1]) + Manifests.ingress("new", path: "/new", service: "new"))
            try await controller.eventually(url) { $0.pod == "pod-2" }
            try await controller.eventually(url + "new") { $0.pod == "pod-1" }
        }
    }

    @Test("what goes on changing while HAProxy is started again is there in the end")
    func changingMeanwhile() async throws {
        try await TestController.with(files) { controller async throws in
            for round in 1...3 {
                kill(try await pid(of: .master, controller), SIGKILL)
                var hosts: [String] = []
                try await controller.wait("HAProxy is back") {
                    hosts.append("host-\(hosts.count).example.com")
                    let ingresses = hosts.enumerated().map { Manifests.ingress("host-\(round)-\($0)", host: $1) }
                    try await controller.write("hosts.yaml", ingresses.joined())
                    return controller.log.contains("generation=\(round + 1)")
                }
                for host in hosts { try await controller.eventually("http://\(host)/") { $0.status == 200 } }
            }
        }
    }

    @Test("SIGTERM lets requests end and leaves no process, socket or temporary file", arguments: [SIGTERM, SIGINT])
    func stopped(signal: Int32) async throws {
        try await TestController.with(files) { controller async throws in
            #expect(!ProcessTable.processes(mentioning: controller.runtime).isEmpty)
            let slow = try await controller.holdUnderWay(url)
            controller.signal(signal)
            try await controller.wait("the signal is noticed") { controller.log.contains("a second signal stops at once") }
            #expect(try await controller.release(slow).status == 200)
            try await controller.wait("the controller has ended") { !controller.isRunning }
            #expect(controller.exitStatus == 0)
            #expect(ProcessTable.processes(mentioning: controller.runtime) == [])
            #expect(try FileManager.default.contentsOfDirectory(atPath: controller.runtime.path) == [])
            let left = FileManager.default.enumerator(atPath: controller.config.path)?.allObjects as? [String] ?? []
            #expect(left.contains("haproxy.cfg"))
            #expect(left.filter { ($0 as NSString).lastPathComponent.hasPrefix(".") } == [])
        }
    }

    @Test("a second signal does not wait for requests")
    func stoppedAtOnce() async throws {
        try await TestController.with(files) { controller async throws in
            let slow = try await controller.holdUnderWay(url)
            controller.signal(SIGTERM)
            try await controller.wait("the first is noticed") { controller.log.contains("a second signal stops at once") }
            controller.signal(SIGTERM)
            // Less than timeout-server, which would end the request by itself.
            try await controller.wait("the controller has ended", within: .seconds(40)) { !controller.isRunning }
            #expect(controller.exitStatus == 0)
            #expect(ProcessTable.processes(mentioning: controller.runtime) == [])
            #expect(try await slow.response.status != 200)
        }
    }

    @Test(
        "a reload onto a taken port is reported, the old configuration serves on with new endpoints, and the port is taken later")
    func takenPort() async throws {
        let held = try HeldPort()
        try await TestController.with(files, pods: ["pod-1", "pod-2"]) { controller async throws in
            let before = controller.configuration
            try await controller.write(
                "config.yaml", Manifests.configMap(["stats-config-snippet": "bind 127.0.0.1:\(held.port)"]))
            try await controller.wait("the failure is reported") {
                controller.log.contains("HAProxy did not load the new configuration and keeps the old one")
            }
            #expect(controller.log.contains("127.0.0.1:\(held.port)"))
            #expect(try await controller.reloads() == 0)
            // The worker of a reload after a failed one finds the sockets otherwise than that of the first.
            try await controller.wait("another reload fails") {
                try await controller.metric("haproxy_ingress_failed_reloads_total") >= 2
            }
            #expect(try await controller.shownConfiguration().body == before)
            #expect(try await controller.request(url).pod == "pod-1")
            try await controller.write("web.yaml", Manifests.service(pods: [2]) + Manifests.ingress())
            try await controller.eventually(url) { $0.pod == "pod-2" }
            held.release()
            try await controller.wait("the reload works", within: .seconds(30)) { try await controller.reloads() == 1 }
            #expect(controller.configuration.contains("bind 127.0.0.1:\(held.port)"))
            try await controller.eventually(url) { $0.pod == "pod-2" }
        }
    }

    @Test("a first start onto a taken port is reported and succeeds once the port is free")
    func takenFromTheStart() async throws {
        let held = try HeldPort()
        let arguments = ["--stats-bind-port", "\(held.port)"]
        try await TestController.with(files, arguments: arguments, waitsForReadiness: false) { controller async throws in
            try await controller.wait("the failure is reported") {
                controller.log.contains("HAProxy does not run") && controller.log.contains("127.0.0.1:\(held.port)")
            }
            #expect(try await controller.adminPage("/readyz").status == 503)
            #expect(try await controller.adminPage("/healthz").status == 200)
            held.release()
            try await controller.waitUntilReady()
            #expect(try await controller.request(url).pod == "pod-1")
        }
    }
}
