import Testing

@Suite("Limits and slots of servers")
struct PodLimitTests {
    private static let url = "http://shop.example.com/"

    /// The limits of a backend's servers by name: the field slim of `show stat`, empty for none.
    private func limits(_ controller: TestController) async throws -> [String: String] {
        try await controller.runtimeAPI("show stat").split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
            .filter { $0.count > 6 && $0[0] == "shop_svc_web_http" && $0[1] != "BACKEND" }
            .reduce(into: [:]) { $0[$1[1]] = $1[6] }
    }

    /// How many of some requests at the same time the pods have, while the others wait in HAProxy.
    private func underWay(_ requests: Int, _ controller: TestController, expected: Int) async throws {
        let held = (0..<requests).map { _ in controller.hold(Self.url) }
        try await controller.wait("\(expected) of \(requests) requests are with the pod, the others wait") {
            let line = try await controller.runtimeAPI("show stat").split(separator: "\n")
                .first { $0.hasPrefix("shop_svc_web_http,BACKEND,") }
            // qcur and scur.
            let fields = line?.split(separator: ",", omittingEmptySubsequences: false) ?? []
            return fields.count > 4 && fields[2] == "\(requests - expected)" && fields[4] == "\(requests)"
        }
        for request in held { try await controller.letGo(request) }
        for request in held { #expect(try await request.response.status == 200) }
    }

    @Test(
        "pod-maxconn makes further requests wait, and is given, changed and taken back without a reload",
        arguments: ["roundrobin", "static-rr"])
    func limit(algorithm: String) async throws {
        func service(_ pods: [Int], _ limit: String?) -> String {
            var annotations = ["load-balance": algorithm, "scale-server-slots": "2"]
            if let limit { annotations["pod-maxconn"] = limit }
            return Manifests.service(pods: pods, annotations: annotations)
        }
        let files = [
            "service.yaml": service([1], "1"), "ingress.yaml": Manifests.ingress(),
            "map.yaml": Manifests.configMap(["timeout-queue": "60s"]),
        ]
        try await TestController.with(files, pods: ["one", "two"]) { controller async throws in
            #expect(Set(try await limits(controller).values) == ["1"])
            // How the servers came to be makes no difference for what their limit does.
            if algorithm == "roundrobin" { try await underWay(2, controller, expected: 1) }
            try await controller.write("service.yaml", service([1], "2"))
            try await controller.wait("the limit is 2") { Set(try await limits(controller).values) == ["2"] }
            if algorithm == "roundrobin" { try await underWay(3, controller, expected: 2) }
            // A pod that comes at run time has the limit too.
            try await controller.write("service.yaml", service([2, 1], "2"))
            try await controller.wait("the second pod answers") { try await controller.podsAnswering(Self.url).count == 2 }
            #expect(try await limits(controller).values.sorted() == ["2", "2"])
            try await controller.write("service.yaml", service([1, 2], nil))
            try await controller.wait("there is no limit") { Set(try await limits(controller).values) == [""] }
            try await controller.write("service.yaml", service([1, 2], "3"))
            try await controller.wait("the limit is 3") { Set(try await limits(controller).values) == ["3"] }
            #expect(try await controller.reloads() == 0)
            try await controller.wait("the file says so too") { controller.configuration.contains("default-server maxconn 3") }
        }
    }

    @Test(
        "there are as many servers as scale-server-slots says where none can be added at run time",
        arguments: ["scale-server-slots", "server-slots", "servers-increment"])
    func slots(key: String) async throws {
        func service(_ pods: [Int], _ annotations: [String: String]) -> String {
            Manifests.service(pods: pods, annotations: annotations.merging(["load-balance": "static-rr"]) { $1 })
        }
        let files = [
            "service.yaml": service([1], [key: "3"]), "ingress.yaml": Manifests.ingress(),
        ]
        try await TestController.with(files, pods: ["one", "two"]) { controller async throws in
            #expect(try await limits(controller).count == 3)
            try await controller.write("service.yaml", service([1, 2], [key: "3"]))
            try await controller.wait("both answer") { try await controller.podsAnswering(Self.url).count == 2 }
            #expect(try await controller.reloads() == 0)
            try await controller.write("service.yaml", service([1, 2], [:]))
            try await controller.wait("there are 42 slots") { try await limits(controller).count == 42 }
            try await controller.write("map.yaml", Manifests.configMap([key: "7"]))
            try await controller.wait("there are 7 slots") { try await limits(controller).count == 7 }
        }
    }
}
