import Foundation
import TestSupport
import Testing

/// Texts that are longer than HAProxy's readers take: nothing of them becomes something else, and what is legal is served.
@Suite("Limits of HAProxy's readers")
struct ReaderLimitTests {
    @Test(
        "a path longer than a line of a map gives no other tenant's place away, and is told to its owner",
        arguments: [16_000, 16_350, 16_370, 16_373, 16_374, 16_375, 16_376, 16_380, 32_000])
    func path(length: Int) async throws {
        let thief = "/" + String(repeating: "a", count: length) + "v.example.com/login"
        let files = [
            "victim.yaml": Manifests.service()
                + Manifests.ingress("victim", host: "v.example.com", created: "2020-01-01T00:00:00Z"),
            "thief.yaml": Manifests.service(namespace: "evil", pods: [2])
                + Manifests.ingress("thief", namespace: "evil", host: "x.example.com", path: thief)
                + Manifests.ingress("own", namespace: "evil", host: "x.example.com", path: "/own"),
        ]
        try await TestController.with(files, pods: ["victim", "thief"]) { controller async throws in
            for path in ["/login", "/login/", "/"] {
                #expect(try await controller.request("http://v.example.com\(path)").pod == "victim")
            }
            #expect(try await controller.request("http://x.example.com/own").pod == "thief")
            #expect(controller.log.contains("error haproxy-ingress: [Controller] Ingress evil/thief: spec.rules"))
            // The same at run time.
            try await controller.write(
                "late.yaml",
                Manifests.ingress(
                    "late", namespace: "evil", host: "late.example.com", path: thief + String(repeating: "b", count: 40)))
            try await controller.wait("the late one is told") { controller.log.contains("Ingress evil/late: spec.rules") }
            #expect(try await controller.request("http://v.example.com/login").pod == "victim")
        }
    }

    @Test(
        "a smaller tune.bufsize has smaller limits: no place is given away, at a start, at run time and after a change",
        arguments: [4000, 4074, 4077, 4080, 4084, 4090, 4096, 8000])
    func smallBuffer(length: Int) async throws {
        let thief = "/" + String(repeating: "a", count: length) + "v.example.com/login"
        func configMap(_ size: Int) -> String {
            Manifests.configMap(["global-config-snippet": "tune.bufsize \(size)", "tls-alpn": "http/1.1"])
        }
        let victim =
            Manifests.service() + Manifests.ingress("victim", host: "v.example.com", created: "2020-01-01T00:00:00Z")
        let evil =
            Manifests.service(namespace: "evil", pods: [2])
            + Manifests.ingress("thief", namespace: "evil", host: "x.example.com", path: thief)
            + Manifests.ingress(
                "own", namespace: "evil", host: "x.example.com", path: "/own",
                annotations: ["response-set-header": "X-Long " + String(repeating: "v", count: 900)])
        let files = ["configmap.yaml": configMap(4096), "victim.yaml": victim, "thief.yaml": evil]
        try await TestController.with(files, pods: ["victim", "thief"]) { controller async throws in
            func check() async throws {
                for path in ["/login", "/login/", "/"] {
                    #expect(try await controller.request("http://v.example.com\(path)").pod == "victim")
                }
                let own = try await controller.request("http://x.example.com/own")
                #expect(own.pod == "thief" && own.header("x-long")?.count == 900)
            }
            #expect(controller.configuration.contains("tune.bufsize 4096"))
            #expect(controller.log.contains("Ingress evil/thief: spec.rules"))
            try await check()
            // At run time.
            let late = Manifests.ingress("late", namespace: "evil", host: "late.example.com", path: thief)
            let many = (0..<150).map {
                Manifests.ingress(
                    "m\($0)", namespace: "evil", host: "m\($0).example.com", path: "/" + String(repeating: "m", count: 500))
            }
            try await controller.write("late.yaml", late + many.joined())
            try await controller.wait("the late one is told") { controller.log.contains("Ingress evil/late: spec.rules") }
            try await controller.eventually("http://m149.example.com/\(String(repeating: "m", count: 500))") { $0.pod == "thief" }
            try await check()
            // The usual size takes such paths, and the smaller one after it does not.
            guard length < 7000 else { return }
            try await controller.write("configmap.yaml", configMap(16_384))
            try await controller.wait("the path is served") { controller.map("path-prefix").contains(thief) }
            try await controller.write("configmap.yaml", configMap(4096))
            try await controller.wait("the path is refused") { !controller.map("path-prefix").contains(thief) }
            try await controller.wait("HAProxy is loaded") { controller.configuration.contains("tune.bufsize 4096") }
            try await check()
        }
    }

    @Test("a value that ends a line elsewhere than for HAProxy stays one entry, at a start and at run time")
    func separators() async throws {
        func ingress(_ value: String) -> String {
            Manifests.ingress("own", namespace: "evil", host: "x.example.com", annotations: ["request-set-header": value])
        }
        let value = "X-Text a\u{2028}v.example.com/ thief\u{85}v.example.com/login thief"
        let files = [
            "victim.yaml": Manifests.service() + Manifests.ingress("victim", host: "v.example.com"),
            "evil.yaml": Manifests.service(namespace: "evil", pods: [2]) + ingress("X-Text first"),
        ]
        try await TestController.with(files, pods: ["victim", "thief"]) { controller async throws in
            try await controller.write("evil.yaml", Manifests.service(namespace: "evil", pods: [2]) + ingress(value))
            try await controller.eventually("http://x.example.com/") { $0.pod == "thief" }
            try await Task.sleep(for: .seconds(2))
            for map in try FileManager.default.contentsOfDirectory(
                atPath: controller.config.appendingPathComponent("maps").path)
            {
                let lines = try await controller.runtimeAPI("show map maps/\(map)").split(separator: "\n")
                #expect(!lines.contains { $0.contains(" v.example.com/login thief") }, "\(map): \(lines)")
            }
            #expect(try await controller.request("http://v.example.com/login").pod == "victim")
        }
    }

    @Test("a certificate with 2,100 hosts is shown for all of them, also when hosts come and go at run time")
    func manyHosts() async throws {
        let certificates = try TestCertificates()
        func ingress(_ hosts: Range<Int>) -> String {
            let names = hosts.map { "host-number-\($0).some-longer-domain.example.com" }
            return """
                apiVersion: networking.k8s.io/v1
                kind: Ingress
                metadata: {name: many, namespace: shop}
                spec:
                  tls: [{hosts: [\(names.joined(separator: ", "))], secretName: wildcard}]
                  rules:
                    - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}
                ---

                """
        }
        let files = [
            "service.yaml": Manifests.service()
                + Manifests.certificate("wildcard", try certificates.leaf("*.some-longer-domain.example.com")),
            "many.yaml": ingress(0..<2100),
        ]
        try await TestController.with(files) { controller async throws in
            let authority = try controller.trust(certificates)
            func isShown(_ number: Int) async throws -> Bool {
                let host = "host-number-\(number).some-longer-domain.example.com"
                return try await controller.request("https://\(host)/", authority: authority).pod == "pod-1"
            }
            for number in [0, 57, 1000, 2047, 2048, 2099] { #expect(try await isShown(number), "\(number)") }
            let reloads = try await controller.reloads()
            try await controller.write("many.yaml", ingress(0..<2200))
            try await controller.wait("hosts came") { try await isShown(2199) }
            for number in [0, 1000, 2099] { #expect(try await isShown(number), "\(number)") }
            try await controller.write("many.yaml", ingress(0..<10))
            // The certificate is still shown for them, because it is for their names.
            try await controller.wait("hosts went") {
                try await !controller.runtimeAPI("show ssl crt-list certs/frontend.list").contains("host-number-2199.")
            }
            #expect(try await isShown(3))
            #expect(try await controller.reloads() == reloads)
        }
    }

    @Test("names as long as Kubernetes takes them lead to files that can be written")
    func longNames() async throws {
        let certificates = try TestCertificates()
        let (namespace, name) = (String(repeating: "n", count: 63), String(repeating: "s", count: 240) + "-twelve-more")
        let files = [
            "good.yaml": Manifests.service() + Manifests.ingress(),
            "long.yaml": Manifests.service(namespace: namespace)
                + Manifests.certificate(name, namespace: namespace, try certificates.leaf("long.example.com"))
                + Manifests.ingress("long", namespace: namespace, host: "long.example.com", tls: name),
        ]
        try await TestController.with(files) { controller async throws in
            let authority = try controller.trust(certificates)
            #expect(try await controller.request("https://long.example.com/", authority: authority).pod == "pod-1")
            #expect(try await controller.request("http://shop.example.com/").pod == "pod-1")
        }
    }
}
