import TestSupport
import Testing

@Suite("Large changes")
struct LargeChangeTests {
    /// An Ingress with so many paths that most of a map changes with it.
    private static func ingress(_ prefix: String) -> String {
        let paths = (0..<1500).map { number in
            """
                  - {path: /\(prefix)/\(number), pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
            """
        }
        return """
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: large, namespace: shop}
            spec:
              rules:
              - host: large.example.com
                http:
                  paths:
            \(paths.joined(separator: "\n"))

            """
    }

    @Test("1,500 paths become others at once, without a reload, while other routes serve on")
    func renamed() async throws {
        let rest = Manifests.service() + Manifests.ingress()
        try await TestController.with(["all.yaml": rest + Self.ingress("a")]) { controller async throws in
            try await controller.eventually("http://large.example.com/a/1499/x") { $0.pod == "pod-1" }
            for prefix in ["b", "c"] {
                try await controller.write("all.yaml", rest + Self.ingress(prefix))
                try await controller.eventually("http://large.example.com/\(prefix)/1499/x") { $0.pod == "pod-1" }
                #expect(try await controller.request("http://large.example.com/\(prefix)/0").pod == "pod-1")
            }
            for prefix in ["a", "b"] {
                #expect(try await controller.request("http://large.example.com/\(prefix)/0").status == 404)
            }
            try await controller.write("all.yaml", rest)
            try await controller.eventually("http://large.example.com/c/0") { $0.status == 404 }
            let versions = try await controller.runtimeAPI("show map").split(separator: "\n").first { $0.contains("path-prefix") }
            // The map was replaced as a whole: each time it got another version.
            #expect(versions?.contains("curr_ver=0") == false, "\(versions ?? "")")
            #expect(try await controller.reloads() == 0)
        }
    }
}
