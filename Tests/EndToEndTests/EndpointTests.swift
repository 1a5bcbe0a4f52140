import Foundation
import Testing

@Suite("Endpoints")
struct EndpointTests {
    private let url = "http://shop.example.com/"
    private let fixed = Manifests.service(pods: []) + Manifests.ingress()

    private func with(_ slice: String, _ body: (TestController) async throws -> Void) async throws {
        let files = ["fixed.yaml": fixed, "slice.yaml": slice]
        try await TestController.with(files, pods: ["pod-1", "pod-2", "pod-3"], body)
    }

    @Test("a new pod answers without a reload, and a removed one gets no request any more")
    func addedAndRemoved() async throws {
        try await with(Manifests.slice([1: .ready])) { controller async throws in
            #expect(try await controller.podsAnswering(url) == ["pod-1"])
            try await controller.write("slice.yaml", Manifests.slice([1: .ready, 2: .ready, 3: .ready]))
            try await controller.wait("the new pods answer") {
                try await controller.podsAnswering(url) == ["pod-1", "pod-2", "pod-3"]
            }
            try await controller.write("slice.yaml", Manifests.slice([3: .ready]))
            try await controller.wait("pod-1 is taken out") { try await controller.server(ofPod: 1)?.isTakenOut != false }
            #expect(try await controller.podsAnswering(url, requests: 20) == ["pod-3"])
            try await controller.wait("the servers are deleted", within: .seconds(60)) {
                try await controller.servers().map(\.address) == ["\(controller.network)3"]
            }
            // The same address again, after its server was deleted.
            try await controller.write("slice.yaml", Manifests.slice([1: .ready]))
            try await controller.wait("pod-1 answers again") { try await controller.podsAnswering(url) == ["pod-1"] }
            #expect(try await controller.reloads() == 0)
            #expect(try await controller.metric("haproxy_ingress_runtime_updates_total") >= 6)
        }
    }

    @Test("a request in flight on a removed pod ends well, and only then its server is deleted")
    func inFlight() async throws {
        try await with(Manifests.slice([2: .ready])) { controller async throws in
            let slow = controller.hold(url)
            try await controller.wait("the request is under way") { try await controller.sessions(ofPod: 2) == 1 }
            try await controller.write("slice.yaml", Manifests.slice([1: .ready]))
            try await controller.eventually(url) { $0.pod == "pod-1" }
            #expect(try await controller.server(ofPod: 2)?.isTakenOut == true)
            let response = try await controller.release(slow)
            #expect(response.status == 200)
            #expect(response.pod == "pod-2")
            try await controller.wait("the server is deleted", within: .seconds(60)) {
                try await controller.server(ofPod: 2) == nil
            }
            #expect(try await controller.reloads() == 0)
        }
    }

    @Test("a pod that comes and goes in quick succession is there in the end")
    func flapping() async throws {
        try await with(Manifests.slice([1: .ready, 2: .ready])) { controller async throws in
            for round in 0..<25 {
                // Around the time after which a removed server is deleted.
                try await controller.write("slice.yaml", Manifests.slice([1: .ready]))
                try await Task.sleep(for: .milliseconds(60 + round * 7))
                try await controller.write("slice.yaml", Manifests.slice([1: .ready, 2: .ready]))
                try await Task.sleep(for: .milliseconds(45))
            }
            try await controller.wait("both pods answer") { try await controller.podsAnswering(url) == ["pod-1", "pod-2"] }
            #expect(try await controller.reloads() == 0)
        }
    }

    @Test("a pod that comes back while its last requests run is used again")
    func takenBack() async throws {
        try await with(Manifests.slice([1: .ready, 2: .ready])) { controller async throws in
            let held = [controller.hold(url), controller.hold(url)]
            try await controller.wait("the requests are under way") { try await controller.sessions(ofPod: 2) == 1 }
            try await controller.write("slice.yaml", Manifests.slice([1: .ready]))
            try await controller.wait("pod-2 is taken out") { try await controller.server(ofPod: 2)?.isTakenOut == true }
            try await controller.write("slice.yaml", Manifests.slice([1: .ready, 2: .ready]))
            try await controller.wait("pod-2 answers again") { try await controller.podsAnswering(url, requests: 4).count == 2 }
            for request in held { #expect(try await controller.release(request).status == 200) }
            #expect(try await controller.server(ofPod: 2)?.isTakenOut == false)
            #expect(try await controller.reloads() == 0)
        }
    }

    @Test("terminating endpoints are drained while others are ready, and stand in when there are none")
    func terminating() async throws {
        try await with(Manifests.slice([1: .ready, 2: .ready])) { controller async throws in
            try await controller.write("slice.yaml", Manifests.slice([1: .ready, 2: .terminating]))
            try await controller.wait("pod-2 drains") { try await controller.server(ofPod: 2)?.weight == 0 }
            #expect(try await controller.podsAnswering(url) == ["pod-1"])
            try await controller.write("slice.yaml", Manifests.slice([1: .unready, 2: .terminating]))
            try await controller.wait("pod-2 stands in") { try await controller.podsAnswering(url) == ["pod-2"] }
            try await controller.write("slice.yaml", Manifests.slice([1: .ready, 2: .terminating, 3: .terminating]))
            try await controller.wait("pod-1 is back") { try await controller.podsAnswering(url) == ["pod-1"] }
            #expect(try await controller.reloads() == 0, "\(controller.log)")
        }
    }

    @Test("a Service without ready endpoints is 503, and answers again when one is ready")
    func noneReady() async throws {
        try await with(Manifests.slice([1: .ready])) { controller async throws in
            try await controller.write("slice.yaml", Manifests.slice([1: .unready]))
            try await controller.eventually(url) { $0.status == 503 }
            try await controller.write("slice.yaml", Manifests.slice([1: .ready]))
            try await controller.eventually(url) { $0.pod == "pod-1" }
            try await controller.remove("slice.yaml")
            try await controller.eventually(url) { $0.status == 503 }
            #expect(try await controller.reloads() == 0)
        }
    }

    @Test("paths, hosts and Ingresses on a known Service come and go without a reload, and so do Services that go")
    func routes() async throws {
        let files = ["service.yaml": Manifests.service(), "ingress.yaml": Manifests.ingress(path: "/a")]
        try await TestController.with(files) { controller async throws in
            try await controller.write("path.yaml", Manifests.ingress("path", path: "/b"))
            try await controller.eventually(url + "b/c") { $0.status == 200 }
            try await controller.write(
                "host.yaml", Manifests.ingress("host", host: "*.new.example.com", path: "/x", pathType: "Exact"))
            try await controller.eventually("http://any.new.example.com/x") { $0.status == 200 }
            #expect(try await controller.request("https://any.new.example.com/x").status == 200)
            try await controller.remove("path.yaml")
            try await controller.eventually(url + "b/c") { $0.status == 404 }
            #expect(try await controller.request(url + "a").status == 200)
            try await controller.remove("service.yaml")
            try await controller.eventually(url + "a") { $0.status == 503 }
            try await controller.remove("ingress.yaml")
            try await controller.remove("host.yaml")
            try await controller.eventually(url + "a") { $0.status == 404 }
            try await controller.eventually("http://any.new.example.com/x") { $0.status == 404 }
            #expect(try await controller.reloads() == 0)
        }
    }
}
