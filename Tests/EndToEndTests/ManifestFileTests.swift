import Foundation
import Testing

@Suite("Manifest files")
struct ManifestFileTests {
    private let url = "http://shop.example.com/"

    @Test("a change is live within a second")
    func speed() async throws {
        let files = ["web.yaml": Manifests.service() + Manifests.ingress()]
        try await TestController.with(files, pods: ["pod-1", "pod-2"]) { controller async throws in
            var times: [Duration] = []
            for round in 0..<5 {
                let pod = round % 2 == 0 ? 2 : 1
                let start = ContinuousClock.now
                try await controller.write("web.yaml", Manifests.service(pods: [pod]) + Manifests.ingress())
                try await controller.eventually(url) { $0.pod == "pod-\(pod)" }
                times.append(ContinuousClock.now - start)
            }
            // The middle one: a machine that runs many tests at once may pause any single one.
            #expect(times.sorted()[2] < .seconds(1), "\(times)")
        }
    }

    @Test(
        "half-written YAML keeps the last good objects and is reported with file, line and column; then it is mended",
        .manifestsOnly("is about what stands in files"))
    func halfWritten() async throws {
        let good = Manifests.service() + Manifests.ingress()
        try await TestController.with(["web.yaml": good], pods: ["pod-1", "pod-2"]) { controller async throws in
            let better = Manifests.service(pods: [2]) + Manifests.ingress(path: "/new")
            let broken = better.components(separatedBy: "endpoints: [")[0] + "endpoints: [{addresses: [NET.2"
            let line = broken.components(separatedBy: "\n").count
            try await controller.write("web.yaml", broken)
            try await controller.wait("the broken file is reported") {
                let report = controller.log.split(separator: "\n").first { $0.contains("web.yaml:") && $0.contains(" error ") }
                return report?.firstMatch(of: /web\.yaml:(\d+):(\d+): is not valid YAML/).map { match in
                    (line...line + 1).contains(Int(match.1) ?? 0) && (Int(match.2) ?? 0) > 0
                } ?? false
            }
            #expect(try await controller.request(url).pod == "pod-1")
            try await controller.write("web.yaml", better)
            try await controller.eventually(url + "new") { $0.pod == "pod-2" }
            #expect(try await controller.request(url).status == 404)
            try await controller.wait("the mending is told") { controller.log.contains("mended: ") }
        }
    }

    @Test(
        "a file that is written in place, piece by piece, never takes its objects away",
        .manifestsOnly("is about how files are written"))
    func pieces() async throws {
        let good = Manifests.service() + Manifests.ingress()
        try await TestController.with(["web.yaml": good]) { controller async throws in
            let next = (good + Manifests.ingress("more", path: "/more")).replacingOccurrences(
                of: "NET.", with: controller.network)
            let file = try FileHandle(forWritingTo: controller.manifests.appendingPathComponent("web.yaml"))
            try file.truncate(atOffset: 0)
            let bytes = Data(next.utf8)
            async let answers = statuses(controller, requests: 10)
            for start in stride(from: 0, to: bytes.count, by: 150) {
                try file.write(contentsOf: bytes[start..<min(start + 150, bytes.count)])
                // The writer's pace: longer than the quiet after which files are read, shorter than the patience with open ones.
                try await Task.sleep(for: .milliseconds(40))
            }
            try file.close()
            #expect(try await answers == [200])
            try await controller.eventually(url + "more") { $0.status == 200 }
            #expect(!controller.log.contains("is not valid YAML"))
        }
    }

    private func statuses(_ controller: TestController, requests: Int) async throws -> Set<Int> {
        var statuses: Set<Int> = []
        for _ in 0..<requests { statuses.insert(try await controller.request(url).status) }
        return statuses
    }

    @Test("the objects of a deleted file are gone, and those of a new one in a new directory are there")
    func deleted() async throws {
        let files = ["service.yaml": Manifests.service(), "deep/a/ingress.yml": Manifests.ingress()]
        try await TestController.with(files) { controller async throws in
            #expect(try await controller.request(url).status == 200)
            try await controller.remove("deep/a/ingress.yml")
            try await controller.eventually(url) { $0.status == 404 }
            try await controller.write("other/b/ingress.yaml", Manifests.ingress())
            try await controller.eventually(url) { $0.status == 200 }
            try await controller.remove("other")
            try await controller.eventually(url) { $0.status == 404 }
            #expect(try await controller.reloads() == 0)
        }
    }

    @Test(
        "JSON and lists are read as YAML documents are, and other kinds are passed over",
        .manifestsOnly("is about what stands in files"))
    func formats() async throws {
        let json = """
            {"apiVersion": "v1", "kind": "List", "items": [
              {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
               "spec": {"ports": [{"name": "http", "port": 80}]}},
              {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
               "metadata": {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
               "ports": [{"name": "http", "port": 8080}],
               "endpoints": [{"addresses": ["NET.1"], "conditions": {"ready": true}}]}
            ]}
            """
        let list = """
            apiVersion: v1
            kind: List
            items:
              - apiVersion: networking.k8s.io/v1
                kind: Ingress
                metadata: {name: web, namespace: shop}
                spec:
                  rules:
                    - host: shop.example.com
                      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
              - {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}
            """
        let files = ["service.json": json, "list.yaml": list, "notes.txt": "kind: nothing"]
        try await TestController.with(files, arguments: ["--log", "debug"]) { controller async throws in
            #expect(try await controller.request(url).pod == "pod-1")
            #expect(controller.log.contains("not read: apps/v1 Deployment web"))
            #expect(try await controller.metric("haproxy_ingress_rejected_objects") == 0)
        }
    }

    @Test(
        "an object that an API server would refuse is reported and disturbs no other",
        .manifestsOnly("an API server refuses it"),
        arguments: [
            "host: \"a b.example.com\"", "host: \"x\\nuse_backend evil\"", "host: \"UPPER.example.com\"",
        ])
    func refused(host: String) async throws {
        let bad = Manifests.ingress("bad", host: "bad.example.com").replacingOccurrences(
            of: "host: \"bad.example.com\"", with: host)
        let path = Manifests.ingress("path", host: "path.example.com", path: "\"/a/../b\"")
        let name = Manifests.ingress("\"../up\"", host: "name.example.com")
        let good = Manifests.service() + Manifests.ingress()
        try await TestController.with(["all.yaml": bad + path + name + good]) { controller async throws in
            #expect(try await controller.request(url).status == 200)
            #expect(try await controller.request("http://path.example.com/b").status == 404)
            #expect(try await controller.request("http://name.example.com/").status == 404)
            for object in ["shop/bad", "shop/path", "../up"] { #expect(controller.log.contains(object), "\(object)") }
            #expect(try await controller.metric("haproxy_ingress_rejected_objects") >= 3)
            // What is refused later leaves the last good version in force.
            let worse = Manifests.ingress().replacingOccurrences(of: "path: /", with: "path: no/slash")
            try await controller.write("all.yaml", worse + Manifests.service() + Manifests.ingress("more", path: "/more"))
            try await controller.wait("the new error is reported") { controller.log.contains("no/slash") }
            #expect(try await controller.request(url).status == 200)
            #expect(try await controller.request(url + "more").status == 200)
        }
    }
}
