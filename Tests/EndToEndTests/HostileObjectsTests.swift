import Annotations
import Core
import Foundation
import TestSupport
import Testing

/// Hostile objects beside a victim's in a real HAProxy. `TEST_SEED` repeats a run.
@Suite("Hostile objects")
struct HostileObjectsTests {
    private static let rounds = 5

    /// The keys of tenants, without snippets, whose lines are directives by definition.
    private static let keys = AnnotationHandlers.all.flatMap { $0.reference.keys }.filter { key in
        key.typeName != ValueType<ConfigSnippet>.snippet.name && key.scopes.contains { $0 > .configMap }
    }.map { HostileObjects.Key(name: $0.name, example: $0.example) }

    @Test(
        "a victim's requests are answered as without the others' objects, whatever these are, when they come and at a start",
        .manifestsOnly("an API server takes few of them"))
    func victim() async throws {
        let seed = SeededGenerator().seed
        let authority = try TestCertificates()
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try directory.write("authority.pem", authority.authority.certificateText)
        let trusted = directory.url.appendingPathComponent("authority.pem")
        let victim = HostileObjects.victim(
            network: "NET.", certificate: try authority.leaf(HostileObjects.victimHost, key: .rsa2048))
        // Of a kind of key that clients like better.
        let thief = HostileObjects.secret(
            namespace: HostileObjects.namespace, try TestCertificates("Thief").leaf("*.example.com", HostileObjects.victimHost))
        try await TestController.with(["victim.yaml": victim], pods: ["victim", "thief"]) { controller async throws in
            let expected = try await answers(controller, trusting: trusted)
            #expect(expected.map(\.status) == [200, 200, 200, 401, 200, 403, 429, 200], "\(expected)")

            var hostile = HostileObjects(seed: seed, network: controller.network, keys: Self.keys)
            let wildcard = Manifests.ingress(
                "wild", namespace: HostileObjects.namespace, host: "*.example.com", path: "/evil", tls: "tls",
                created: "2026-01-01T00:00:00Z")
            try await controller.write("thief.yaml", thief + wildcard)
            try await controller.wait("the thief's certificate is listed") {
                try await controller.runtimeAPI("show ssl crt-list -n certs/frontend.list").contains("evil_tls")
            }
            var manifests: [String] = []
            for round in 1...Self.rounds {
                manifests.append(try hostile.manifest(25))
                // What came before stays, so that there is ever more of it.
                try await controller.write("hostile-\(round).json", manifests.last ?? "")
                try await controller.write(
                    "marker.yaml",
                    Manifests.service("marker", namespace: "evil-3", pods: [2])
                        + Manifests.ingress("marker", namespace: "evil-3", host: "marker\(round).example.org", service: "marker"))
                try await controller.eventually("http://marker\(round).example.org/") { $0.pod == "thief" }
                #expect(try await answers(controller, trusting: trusted) == expected, "TEST_SEED=\(seed), round \(round)")
                try await askHostile(hostile.hosts.suffix(25), controller, "TEST_SEED=\(seed), round \(round)")
            }
            // Else nothing was tried.
            #expect(controller.configuration.contains("\nbackend evil_svc_e"))
            let reloads = try await controller.metric("haproxy_ingress_reloads_total")
            // One for new servers and rules, one where HAProxy refuses some of them, and another when those were proved.
            #expect(reloads <= Double(Self.rounds * 4), "TEST_SEED=\(seed)")
            #expect(controller.isRunning, "TEST_SEED=\(seed)")
            #expect(!controller.log.contains("died"), "TEST_SEED=\(seed)")

            // Nothing is repaired or loaded again while nothing changes.
            try await Task.sleep(for: .seconds(3))
            let later = try await controller.metric("haproxy_ingress_reloads_total")
            try await Task.sleep(for: .seconds(3))
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == later, "TEST_SEED=\(seed)")

            // A start with all of it. The pods are those that run.
            try await TestController.with([:], pods: [], network: controller.network, source: controller.source) {
                fresh async throws in
                #expect(try await answers(fresh, trusting: trusted) == expected, "TEST_SEED=\(seed)")
                try await fresh.eventually("http://marker\(Self.rounds).example.org/") { $0.pod == "thief" }
            }
        }
    }

    /// No request of a hostile host keeps HAProxy from others for long, whatever its owner wrote.
    private func askHostile(_ hosts: some Sequence<String>, _ controller: TestController, _ run: String) async throws {
        for host in hosts {
            for (target, header) in HostileObjects.requests {
                let begin = ContinuousClock.now
                // Pods of such hosts may be anywhere, so that there need not be an answer.
                let response = try await controller.request(
                    "http://\(host)\(target)", headers: ["X": header], options: ["--max-time", "1", "--connect-timeout", "1"])
                guard response.status == 0 || response.status > 500 else {
                    #expect(ContinuousClock.now - begin < .seconds(2), "\(host)\(target.prefix(20)) \(run)")
                    continue
                }
                // While HAProxy works on the request it answers nobody else.
                let other = ContinuousClock.now
                #expect(try await controller.request("http://\(HostileObjects.victimHost)/").status == 200, "\(host) \(run)")
                #expect(ContinuousClock.now - other < .seconds(2), "\(host)\(target.prefix(20)) \(run)")
            }
        }
    }

    /// What there is of an answer that the victim's settings and pods decide.
    private struct Answer: Equatable {
        let status: Int
        var pod: String?
        var shop: String?
        var origin: String?
        var curlStatus: Int32
    }

    private func answers(_ controller: TestController, trusting authority: URL) async throws -> [Answer] {
        func answer(_ url: String, _ headers: [String: String] = [:], options: [String] = []) async throws -> Answer {
            let response = try await controller.request(
                url, headers: headers, authority: url.hasPrefix("https") ? authority : nil, options: options)
            return Answer(
                status: response.status, pod: response.pod, shop: response.seen?.headers["x-shop"],
                origin: response.header("access-control-allow-origin"), curlStatus: response.curlStatus)
        }
        let shop = "http://\(HostileObjects.victimHost)"
        // The first is within the limit, at least once.
        _ = try await answer("http://limited.example.com/")
        return [
            try await answer("\(shop)/"), try await answer("\(shop)/login", ["Origin": "https://shop.example.org"]),
            try await answer("https://\(HostileObjects.victimHost)/login"), try await answer("\(shop)/admin"),
            try await answer("\(shop)/admin", options: ["--user", "demo:secret"]),
            try await answer("http://inside.example.com/"), try await answer("http://limited.example.com/"),
            try await answer("\(shop)/other"),
        ]
    }
}
