import Testing

@Suite("Load balancing and health checks")
struct LoadBalancingTests {
    private static let url = "http://shop.example.com/"

    private func pods(_ count: Int, _ controller: TestController, headers: [String: String] = [:]) async throws -> [String: Int] {
        var answers: [String: Int] = [:]
        for _ in 0..<count { answers[try await controller.request(Self.url, headers: headers).pod ?? "none", default: 0] += 1 }
        return answers
    }

    /// The state of a backend's servers by address, such as `UP` or `DOWN`, as the Runtime API has it.
    private func states(_ controller: TestController) async throws -> [String: String] {
        var states: [String: String] = [:]
        for line in try await controller.runtimeAPI("show stat").split(separator: "\n") {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count > 18, fields[0].hasPrefix("shop_svc_"), !["BACKEND", "FRONTEND"].contains(fields[1]) else {
                continue
            }
            // What follows the address tells servers with different keywords apart.
            states[String(fields[1].prefix { $0 != "_" })] = String(fields[17])
        }
        return states
    }

    @Test("roundrobin takes turns, and leastconn avoids the pod that is busy")
    func algorithms() async throws {
        let service = Manifests.service(pods: [1, 2])
        try await TestController.with(
            ["service.yaml": service, "ingress.yaml": Manifests.ingress()], pods: ["one", "two"]
        ) { controller async throws in
            #expect(try await pods(10, controller) == ["one": 5, "two": 5])
            try await controller.write("ingress.yaml", Manifests.ingress(annotations: ["load-balance": "leastconn"]))
            try await controller.wait("leastconn is in force") { controller.configuration.contains("balance leastconn") }
            try await controller.wait("HAProxy was reloaded") { try await controller.reloads == 1 }
            let slow = controller.hold(Self.url)
            try await controller.wait("the slow request is with a pod") {
                try await controller.runtimeAPI("show sess").contains("shop_svc_web_http")
            }
            let others = try await pods(6, controller)
            let busy = try await controller.release(slow).pod
            #expect(others.count == 1 && others[busy ?? ""] == nil, "\(others), busy: \(busy ?? "none")")
        }
    }

    @Test("hashes keep a client on its pod", arguments: ["source", "hdr(X-Cart)", "hash req.hdr(x-cart)"])
    func hashes(algorithm: String) async throws {
        let manifests = Manifests.service(pods: [1, 2, 3]) + Manifests.ingress(annotations: ["load-balance": algorithm])
        try await TestController.with(["all.yaml": manifests], pods: ["one", "two", "three"]) { controller async throws in
            var chosen: Set<String> = []
            for cart in ["a", "b", "c", "d", "e", "f", "g", "h"] {
                let answers = try await pods(3, controller, headers: ["X-Cart": cart])
                #expect(answers.count == 1, "\(cart): \(answers)")
                chosen.formUnion(answers.keys)
            }
            #expect(algorithm == "source" ? chosen.count == 1 : chosen.count > 1)
        }
    }

    @Test(
        "pods come and go without a reload, also with algorithms that take servers into slots",
        arguments: ["roundrobin", "static-rr"])
    func endpoints(algorithm: String) async throws {
        func service(_ pods: [Int]) -> String { Manifests.service(pods: pods, annotations: ["load-balance": algorithm]) }
        try await TestController.with(
            ["service.yaml": service([1]), "ingress.yaml": Manifests.ingress()], pods: ["one", "two", "three"]
        ) { controller async throws in
            #expect(try await pods(4, controller) == ["one": 4])
            try await controller.write("service.yaml", service([1, 2, 3]))
            try await controller.wait("all three answer") { try await pods(6, controller).count == 3 }
            try await controller.write("service.yaml", service([2]))
            try await controller.wait("the second alone answers") { try await pods(6, controller) == ["two": 6] }
            try await controller.write("service.yaml", service([]))
            try await controller.eventually(Self.url) { $0.status == 503 }
            try await controller.write("service.yaml", service([3, 1]))
            try await controller.wait("the others answer") { try await Set(pods(6, controller).keys) == ["one", "three"] }
            #expect(try await controller.reloads == 0)
        }
    }

    @Test(
        "a pod that answers its health check with 500 gets no requests, also with TLS and when it came at run time",
        arguments: [false, true])
    func healthChecks(isTLS: Bool) async throws {
        try await TLSPods.with { certificates in
            let certificate = isTLS ? try certificates.leaf("pod") : nil
            return [
                TLSPod(name: "well", certificate: certificate),
                TLSPod(name: "sick", certificate: certificate, lines: ["http-request return status 500 if { path /health }"]),
            ]
        } _: { running async throws in
            func service(_ pods: [Int], _ annotations: [String: String]) -> String {
                let all = annotations.merging(["check-interval": "100ms", "server-ssl": String(isTLS)]) { $1 }
                return running.here(Manifests.service(pods: pods, annotations: all))
            }
            let checked = ["check-http": "GET /health HTTP/1.1"]
            let sick = "\(running.network)2:8080"
            try await TestController.with(
                ["service.yaml": service([1, 2], checked), "ingress.yaml": Manifests.ingress()], pods: []
            ) { controller async throws in
                try await controller.wait("the sick pod is out") { try await states(controller)[sick] == "DOWN" }
                #expect(try await pods(6, controller) == ["well": 6])

                try await controller.write("service.yaml", service([1], checked))
                try await controller.wait("the sick pod is gone") { try await states(controller)[sick] == nil }
                let reloads = try await controller.reloads
                try await controller.write("service.yaml", service([1, 2], checked))
                try await controller.wait("the sick pod is out again") { try await states(controller)[sick] == "DOWN" }
                #expect(try await controller.reloads == reloads)
                #expect(try await pods(6, controller) == ["well": 6])

                try await controller.write("service.yaml", service([1, 2], ["check-http": "/ready"]))
                try await controller.wait("both answer") { try await pods(6, controller) == ["well": 3, "sick": 3] }
                try await controller.write("service.yaml", service([2], checked))
                try await controller.eventually(Self.url) { $0.status == 503 }
                try await controller.write("service.yaml", service([2], ["check": "false"]))
                try await controller.eventually(Self.url) { $0.pod == "sick" }
                #expect(try await states(controller)[sick] == "no check")
            }
        }
    }

    @Test("a pod that accepts no connection is taken out by the plain check")
    func plainCheck() async throws {
        let manifests =
            Manifests.service(pods: [1, 2]) + Manifests.ingress(annotations: ["check": "true", "check-interval": "100ms"])
        try await TestController.with(["all.yaml": manifests], pods: ["one"]) { controller async throws in
            try await controller.wait("the absent pod is down") {
                try await states(controller)["\(controller.network)2:8080"] == "DOWN"
            }
            #expect(try await states(controller)["\(controller.network)1:8080"] == "UP")
            #expect(try await pods(4, controller) == ["one": 4])
        }
    }
}
