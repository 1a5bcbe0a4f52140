import Foundation
import Testing

@Suite("Connections to clients and pods")
struct ConnectionTests {
    @Test("http-connection-mode and its older forms decide which connections are kept")
    func modes() async throws {
        try await TLSPods.with { _ in
            [TLSPod(name: "pod", lines: ["http-request return status 200 hdr x-port \"%[src_port]\""])]
        } _: { pods async throws in
            let files = ["web.yaml": pods.here(Manifests.service()) + Manifests.ingress()]
            try await TestController.with(files, pods: []) { controller async throws in
                /// The pod's connection of each answer to two requests on one connection, and whether the first answer ends it.
                func exchange() async throws -> (ports: [Substring], isClosed: Bool) {
                    func request(_ more: String) -> String { "GET / HTTP/1.1\r\nHost: shop.example.com\r\n\(more)\r\n" }
                    let text = try await controller.exchange(request("") + request("Connection: close\r\n"), within: 10)
                    let first = text.lowercased().components(separatedBy: "\r\n\r\n")[0]
                    return (text.lowercased().matches(of: /x-port: (\d+)/).map(\.1), first.contains("connection: close"))
                }
                func set(_ keys: [String: String], reloads: Double) async throws {
                    try await controller.write("config.yaml", Manifests.configMap(keys))
                    try await controller.wait("HAProxy was reloaded") { try await controller.reloads == reloads }
                }
                let kept = try await exchange()
                #expect(kept.ports.count == 2 && Set(kept.ports).count == 1 && !kept.isClosed)

                try await set(["http-connection-mode": "http-server-close"], reloads: 1)
                let closedToPods = try await exchange()
                #expect(Set(closedToPods.ports).count == 2 && !closedToPods.isClosed)

                try await set(["http-connection-mode": "httpclose"], reloads: 2)
                let closed = try await exchange()
                #expect(closed.ports.count == 1 && closed.isClosed)

                try await set(["http-server-close": "true"], reloads: 3)
                #expect(Set(try await exchange().ports).count == 2)
                try await set(["http-keep-alive": "false"], reloads: 4)
                #expect(try await exchange().ports.count == 1)
            }
        }
    }

    @Test("abortonclose gives a request up whose client has gone; without it the pod works on")
    func clientsThatLeave() async throws {
        let manifests =
            Manifests.service("given-up", annotations: ["abortonclose": "true"])
            + Manifests.service("kept")
            + Manifests.ingress("given-up", host: "given-up.example.com", service: "given-up")
            + Manifests.ingress("kept", host: "kept.example.com", service: "kept")
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            /// The requests that a backend has at the moment.
            func current(_ service: String) async throws -> String? {
                let lines = try await controller.runtimeAPI("show stat").split(separator: "\n")
                let line = lines.first { $0.hasPrefix("shop_svc_\(service)_http,BACKEND,") }
                return line.map { String($0.split(separator: ",", omittingEmptySubsequences: false)[4]) }
            }
            let options = ["--max-time", "3"]
            async let first = controller.request("http://given-up.example.com/?hold=all", options: options)
            async let second = controller.request("http://kept.example.com/?hold=all", options: options)
            // curl's status for a time that is over.
            #expect(try await [first.curlStatus, second.curlStatus] == [28, 28])
            try await controller.wait("the request is given up", within: .seconds(30)) { try await current("given-up") == "0" }
            #expect(try await current("kept") == "1")
        }
    }
}
