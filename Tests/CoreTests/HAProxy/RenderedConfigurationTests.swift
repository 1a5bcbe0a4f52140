import Testing

@testable import Core

@Suite struct RenderedConfigurationTests {
    private let ingress = Origin(object: ObjectKey(.ingress, namespace: "shop", name: "web"), key: "haproxy.org/check")
    private let service = Origin(object: ObjectKey(.service, namespace: "shop", name: "web"))

    private var sections: [Section] {
        let pool = ServerPool(
            keywords: [Traced("check", origin: ingress)],
            servers: [Server(address: "10.0.0.2", port: 80), Server(address: "2001:db8::1", port: 80, isDraining: true)])
        return [
            Section("defaults", lines: [.init("mode http")]),
            Section("backend a", origin: service, lines: [.init("balance source", origin: ingress)], pool: pool),
            Section("backend b", origin: service, pool: ServerPool(servers: [Server(address: "10.0.0.3", port: 1)], slots: 3)),
        ]
    }

    @Test func `Every line knows who asked for it, counted as HAProxy counts`() {
        let rendered = RenderedConfiguration(sections)
        let lines = rendered.text.split(separator: "\n", omittingEmptySubsequences: false)
        let expected: [(String, Origin)] = [
            ("# Written by haproxy-ingress from Kubernetes objects; changes made here are lost.", .controller), ("", .controller),
            ("defaults", .controller), ("  mode http", .controller), ("", .controller), ("backend a", service),
            ("  balance source", ingress), ("  default-server check", ingress), ("  server 10.0.0.2:80 10.0.0.2:80", service),
            ("  server 2001:db8::1-80 [2001:db8::1]:80 weight 0", service), ("", .controller), ("backend b", service),
            ("  server slot_1 10.0.0.3:1", service), ("  server slot_2 127.0.0.1:1 disabled", service),
            ("  server slot_3 127.0.0.1:1 disabled", service),
        ]
        #expect(lines.count == expected.count + 1)
        for (index, (text, origin)) in expected.enumerated() {
            #expect(lines[index] == text)
            #expect(rendered.origin(ofLine: index + 1) == origin, "line \(index + 1)")
        }
        #expect(rendered.origin(ofLine: 0) == nil)
        #expect(rendered.origin(ofLine: expected.count + 1) == nil)
    }

    @Test func `Servers have the limit of the pool, and their names in cookies where asked`() {
        let limit = Traced(7, origin: ingress)
        let servers = [Server(address: "10.0.0.2", port: 80, isDraining: true)]
        let rendered = RenderedConfiguration([
            Section("backend a", pool: ServerPool(maxconn: limit, cookies: .names, servers: servers)),
            Section("backend b", pool: ServerPool(cookies: .names, servers: servers, slots: 2)),
        ])
        let lines = rendered.text.split(separator: "\n").map(String.init)
        #expect(lines.contains("  default-server maxconn 7"))
        #expect(lines.contains("  server 10.0.0.2:80 10.0.0.2:80 cookie 10.0.0.2:80 weight 0"))
        #expect(lines.contains("  server slot_1 10.0.0.2:80 cookie slot_1 weight 0"))
        #expect(lines.contains("  server slot_2 127.0.0.1:1 cookie slot_2 disabled"))
    }

    @Test func `Origins are comments when asked for, and change no line number`() {
        let plain = RenderedConfiguration(sections)
        let told = RenderedConfiguration(sections, withOrigins: true)
        let plainLines = plain.text.split(separator: "\n", omittingEmptySubsequences: false)
        let toldLines = told.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(plainLines.count == toldLines.count)
        for (a, b) in zip(plainLines, toldLines) { #expect(b == a || b.hasPrefix("\(a)  # ")) }
        #expect(toldLines.contains("  balance source  # Ingress shop/web: haproxy.org/check"))
        #expect(toldLines.contains("  mode http"))
    }

    @Test func `Servers of a pool are in the order of their names, whoever lists them`() {
        let servers = ["10.0.0.9", "10.0.0.1", "10.0.0.5"].map { Server(address: $0, port: 80) }
        #expect(ServerPool(servers: servers) == ServerPool(servers: servers.reversed()))
        #expect(ServerPool(servers: servers).servers.map(\.address) == ["10.0.0.1", "10.0.0.5", "10.0.0.9"])
    }
}
