import Testing

@Suite("Ingress classes")
struct IngressClassTests {
    private static func ingressClass(_ name: String, _ controller: String, isDefault: Bool = false) -> String {
        """
        apiVersion: networking.k8s.io/v1
        kind: IngressClass
        metadata:
          name: \(name)
          annotations: {ingressclass.kubernetes.io/is-default-class: "\(isDefault)"}
        spec: {controller: \(controller)}
        ---

        """
    }

    /// An Ingress of host `NAME.example.com` that names its class in the field.
    private static func ingress(_ name: String, className: String) -> String {
        Manifests.ingress(name, host: "\(name).example.com").replacing(
            "spec:\n", with: "spec:\n  ingressClassName: \(className)\n")
    }

    private static let ours = "haproxy.org/ingress-controller"
    private static let manifests =
        Manifests.service() + ingressClass("haproxy", ours) + ingressClass("inner", "\(ours)/inner")
        + ingressClass("nginx", "k8s.io/ingress-nginx") + ingress("plain", className: "haproxy")
        + ingress("suffix", className: "inner") + ingress("foreign", className: "nginx") + ingress("missing", className: "absent")
        + Manifests.ingress("none", host: "none.example.com")
        + Manifests.ingress("annotated", host: "annotated.example.com", annotations: ["ingress.class": "inner"])
        + Manifests.ingress("wins", host: "wins.example.com", annotations: ["ingress.class": "haproxy"])
        .replacing("spec:\n", with: "spec:\n  ingressClassName: nginx\n")

    private static let hosts = ["plain", "suffix", "foreign", "missing", "none", "annotated", "wins"]

    @Test(
        "an Ingress is served by the controller that its class is for",
        arguments: [
            ([], ["plain", "none", "wins"]),
            (["--ingress.class", "inner"], ["suffix", "annotated"]),
            (["--ingress.class", "inner", "--empty-ingress-class"], ["suffix", "annotated", "none"]),
            (["--ingress.class", "haproxy"], ["plain", "wins"]),
        ] as [([String], Set<String>)])
    func served(_ arguments: [String], _ served: Set<String>) async throws {
        try await TestController.with(["all.yaml": Self.manifests], arguments: arguments) { controller async throws in
            for host in Self.hosts {
                let status = try await controller.request("http://\(host).example.com/").status
                #expect(status == (served.contains(host) ? 200 : 404), "\(host)")
            }
            #expect(controller.log.contains("absent"))
        }
    }

    @Test("a class that appears, changes or becomes the default is followed without a reload")
    func changes() async throws {
        let ingresses =
            Manifests.service() + Self.ingress("late", className: "late") + Manifests.ingress("none", host: "none.example.com")
        // Something is served from the start, so that the Service has its backend.
        let own = Self.ingressClass("haproxy", Self.ours) + Self.ingress("plain", className: "haproxy")
        try await TestController.with(["all.yaml": ingresses + own]) { controller async throws in
            #expect(try await controller.request("http://late.example.com/").status == 404)
            #expect(try await controller.request("http://none.example.com/").status == 200)
            try await controller.write("class.yaml", Self.ingressClass("late", Self.ours))
            try await controller.eventually("http://late.example.com/") { $0.status == 200 }
            try await controller.write("class.yaml", Self.ingressClass("late", "example.com/other", isDefault: true))
            try await controller.eventually("http://late.example.com/") { $0.status == 404 }
            try await controller.eventually("http://none.example.com/") { $0.status == 404 }
            try await controller.remove("class.yaml")
            try await controller.eventually("http://none.example.com/") { $0.status == 200 }
            #expect(try await controller.request("http://plain.example.com/").status == 200)
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
        }
    }

    @Test("an Ingress whose annotation changes is taken up and left without a reload")
    func annotation() async throws {
        func ingress(_ name: String) -> String {
            Manifests.ingress("moving", host: "moving.example.com", annotations: ["ingress.class": name])
        }
        let others = Manifests.service() + Manifests.ingress(annotations: ["ingress.class": "mine"])
        try await TestController.with(
            ["all.yaml": others, "moving.yaml": ingress("other")], arguments: ["--ingress.class", "mine"]
        ) { controller async throws in
            let url = "http://moving.example.com/"
            #expect(try await controller.request(url).status == 404)
            try await controller.write("moving.yaml", ingress("mine"))
            try await controller.eventually(url) { $0.status == 200 }
            try await controller.write("moving.yaml", ingress("haproxy"))
            try await controller.eventually(url) { $0.status == 404 }
            try await controller.write(
                "moving.yaml", ingress("mine").replacing("haproxy.org/ingress.class", with: "kubernetes.io/ingress.class"))
            try await controller.eventually(url) { $0.status == 200 }
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
        }
    }
}
