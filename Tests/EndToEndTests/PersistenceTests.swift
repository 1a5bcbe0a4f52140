import Testing

@Suite("Cookie persistence")
struct PersistenceTests {
    private static let url = "http://shop.example.com/"

    /// Sends the cookie that a first answer set with requests, and says who answers and what new cookies come.
    private func follow(_ cookie: String, _ controller: TestController, requests: Int = 6) async throws -> Set<String> {
        var pods: Set<String> = []
        for _ in 0..<requests {
            let response = try await controller.request(Self.url, headers: ["Cookie": "a=b; \(cookie)"])
            #expect(response.header("set-cookie") == nil)
            #expect(response.seen?.headers["cookie"] == "a=b", "the pods do not see the cookie")
            pods.insert(response.pod ?? "status \(response.status)")
        }
        return pods
    }

    /// The cookies that a pod's answers set, as `NAME=VALUE`, by the pod's name.
    private func cookies(_ controller: TestController, pods: Int) async throws -> [String: String] {
        var cookies: [String: String] = [:]
        for _ in 0..<pods * 4 where cookies.count < pods {
            let response = try await controller.request(Self.url)
            let cookie = try #require(response.header("set-cookie")?.split(separator: ";").first, "an answer without cookie")
            let pod = try #require(response.pod)
            #expect(cookies[pod] == nil || cookies[pod] == String(cookie))
            cookies[pod] = String(cookie)
        }
        #expect(cookies.count == pods && Set(cookies.values).count == pods, "\(cookies)")
        return cookies
    }

    @Test(
        "a client stays with its pod, through each of two controllers and with pods that came at run time",
        arguments: ["cookie-persistence", "cookie-persistence-no-dynamic"])
    func twoControllers(key: String) async throws {
        func service(_ pods: [Int]) -> String { Manifests.service(pods: pods, annotations: [key: "STICKY"]) }
        let files = ["service.yaml": service([1, 2]), "ingress.yaml": Manifests.ingress()]
        try await TestController.with(files, pods: ["one", "two", "three"]) { first async throws in
            // The second loads all three pods, the first gets the third at run time.
            let all = ["service.yaml": service([1, 2, 3]), "ingress.yaml": Manifests.ingress()]
            try await TestController.with(all, pods: [], network: first.network) { second async throws in
                #expect(try await cookies(first, pods: 2).values.allSatisfy { $0.hasPrefix("STICKY=") })
                try await first.write("service.yaml", service([1, 2, 3]))
                try await first.wait("the third pod answers") { try await first.podsAnswering(Self.url).contains("three") }
                let fromFirst = try await cookies(first, pods: 3)
                #expect(try await cookies(second, pods: 3) == fromFirst)
                for (pod, cookie) in fromFirst {
                    #expect(try await follow(cookie, first) == [pod])
                    #expect(try await follow(cookie, second) == [pod])
                    #expect(cookie.contains(first.network) == (key == "cookie-persistence-no-dynamic"))
                }
                #expect(try await first.reloads() == 0)
            }
        }
    }

    @Test(
        "a pod that shuts down keeps its clients while it serves; then they get another pod and cookie",
        arguments: ["cookie-persistence", "cookie-persistence-no-dynamic"])
    func draining(key: String) async throws {
        let fixed = Manifests.service(pods: []) + Manifests.ingress(annotations: [key: "STICKY"])
        let files = ["fixed.yaml": fixed, "slice.yaml": Manifests.slice([1: .ready, 2: .ready])]
        try await TestController.with(files, pods: ["one", "two"]) { controller async throws in
            let cookie = try #require(try await cookies(controller, pods: 2)["two"])
            try await controller.write("slice.yaml", Manifests.slice([1: .ready, 2: .terminating]))
            try await controller.wait("two drains") { try await controller.server(ofPod: 2)?.weight == 0 }
            #expect(try await follow(cookie, controller) == ["two"])
            #expect(try await controller.podsAnswering(Self.url, requests: 4) == ["one"])
            try await controller.write("slice.yaml", Manifests.slice([1: .ready]))
            let moved = try await controller.eventually(Self.url, headers: ["Cookie": cookie]) { $0.pod == "one" }
            #expect(moved.header("set-cookie")?.hasPrefix("STICKY=") == true)
            #expect(moved.header("set-cookie")?.hasPrefix(cookie) == false)
            #expect(try await controller.reloads() == 0)
        }
    }
}
