import Testing

@testable import Core

@Suite struct TCPServicesTests {
    private static let object = ObjectKey(.configMap, namespace: "default", name: "tcp")

    private func assemble(
        _ entries: [String: String]?, service: [String: String] = [:], configMap: [String: String] = [:],
        others: [KubernetesObject] = [], refusals: Refusals = Refusals(),
        options change: (inout EngineOptions) -> Void = { _ in }
    ) throws -> AssemblyReport {
        let objects =
            [
                Cluster.configMap(configMap), Cluster.service(annotations: service),
                Cluster.slice(Cluster.pods("10.0.0.1", "10.0.0.2")),
            ] + (entries.map { [Cluster.configMap($0, name: "tcp")] } ?? []) + others
        return try Cluster.assemble(objects, refusals: refusals) {
            $0.tcpServicesConfigMap = EngineOptions.ObjectName(namespace: "default", name: "tcp")
            change(&$0)
        }
    }

    private func frontend(_ port: Int, _ assembly: AssemblyReport) -> [String]? {
        assembly.state.sections.first { $0.header == "frontend tcp-\(port)" }?.lines.map(\.directive.text)
    }

    @Test func `An entry is a frontend that finds its backend in a map`() throws {
        let assembly = try assemble(["5432": "shop/web:http"])
        #expect(assembly.findings.isEmpty)
        #expect(
            frontend(5432, assembly) == [
                "mode tcp", "bind 0.0.0.0:5432", "bind [::]:5432 v6only",
                "use_backend %[str(5432),map_str(maps/tcp-services.map)]", "default_backend ingress-unavailable-tcp",
            ])
        #expect(assembly.map("tcp-services") == ["5432": "shop_svc_web_http"])
        #expect(assembly.lines("shop_svc_web_http") == ["mode tcp"])
        #expect(assembly.servers("shop_svc_web_http").map(\.address) == ["10.0.0.1", "10.0.0.2"])
        let section = assembly.state.sections.first { $0.header == "frontend tcp-5432" }
        #expect(section?.origin == Origin(object: Self.object, key: "5432"))
    }

    @Test func `Settings of backends come from the Service and the ConfigMap, what is about requests is left out`() throws {
        let assembly = try assemble(
            ["5432": "shop/web:80"], service: ["pace": "7s"],
            configMap: ["greeting": "hello", "through": "true", "crowd": "3", "sticky": "true"])
        let backend = assembly.state.sections.first { $0.name == "shop_svc_web_http" }
        #expect(backend?.lines.map(\.directive.text) == ["mode tcp", "timeout server 7s"])
        #expect(backend?.pool?.maxconn?.value == 3 && backend?.pool?.cookies == ServerCookies.none)
        #expect(assembly.map("greeting").isEmpty && assembly.map("sni").isEmpty)
    }

    @Test func `A protection that needs requests closes the port`() throws {
        let assembly = try assemble(["5432": "shop/web:80"], service: ["guard": "strict"])
        #expect(frontend(5432, assembly) != nil && assembly.map("tcp-services").isEmpty)
        #expect(assembly.messages.contains { $0.contains("cannot be enforced for a TCP service") })
        let visited = try assemble(["5432": "shop/web:80"], service: ["visitors": "10.0.0.0/8"])
        #expect(visited.map("tcp-services").isEmpty)
    }

    @Test func `A Service has backends of its own for HTTP and for TCP`() throws {
        let assembly = try assemble(["5432": "shop/web:80"], others: [Cluster.ingress("web")])
        #expect(assembly.backends.count == 2 && assembly.lines("shop_svc_web_http").isEmpty)
        let tcp = try #require(assembly.map("tcp-services")["5432"])
        #expect(tcp.hasPrefix("shop_svc_web_http_") && assembly.lines(tcp) == ["mode tcp"])
    }

    @Test func `TLS ends with the certificates of HTTPS and what is asked of its clients, and closes with them`() throws {
        let assembly = try assemble(["5432": "shop/web:80:ssl"], configMap: ["visa": "authority"])
        #expect(
            frontend(5432, assembly)?[1] == "bind 0.0.0.0:5432 ssl crt-list certs/frontend.list ca-file certs/client-ca.pem")
        let closed = try assemble(["5432": "shop/web:80:ssl", "5433": "shop/web:80"], configMap: ["visa": "\u{1}"])
        #expect(frontend(5432, closed)?.contains("tcp-request connection reject") == true)
        #expect(frontend(5433, closed)?.contains("tcp-request connection reject") == false)
    }

    @Test(arguments: [
        ("0", "shop/web:80"), ("65536", "shop/web:80"), ("05432", "shop/web:80"), ("postgres", "shop/web:80"),
        ("8080", "shop/web:80"), ("8443", "shop/web:80"), ("1024", "shop/web:80"), ("1042", "shop/web:80"),
        ("8444", "shop/web:80"),
        ("5433", ""), ("5433", "web:80"), ("5433", "shop/web"), ("5433", "shop/web:"), ("5433", "shop/web:0"),
        ("5433", "shop/web:65536"), ("5433", "shop/web:80:tls"), ("5433", "shop/web:80:ssl:"), ("5433", "shop/web:80:"),
        ("5433", "shop/we b:80"), ("5433", "shop/web:80\n  bind :1"), ("5433", "a/b/c:80"),
    ])
    func `Bad entries are told with what would be right, and leave the others in force`(_ key: String, _ value: String) throws {
        let assembly = try assemble([key: value, "5432": "shop/web:80"]) {
            $0.environment.capabilities.hasQUIC = true
            $0.quicPort = 8444
        }
        #expect(assembly.map("tcp-services") == ["5432": "shop_svc_web_http"])
        #expect(assembly.state.sections.filter { $0.header.hasPrefix("frontend tcp-") }.count == 1)
        let finding = try #require(assembly.findings.first)
        #expect(assembly.findings.count == 1 && finding.severity == .error && finding.object == Self.object)
        #expect(finding.key == key && finding.value == value && finding.expected != nil && finding.example != nil)
    }

    @Test(arguments: ["shop/web:81", "shop/web:https", "shop/other:80", "other/web:80"])
    func `What leads nowhere yet has a frontend that closes connections`(_ value: String) throws {
        let assembly = try assemble(["5432": value])
        #expect(frontend(5432, assembly) != nil && assembly.map("tcp-services").isEmpty)
        #expect(assembly.findings.count == 1 && assembly.findings[0].key == "5432" && assembly.findings[0].value == value)
    }

    @Test func `Ports of listeners that are switched off are free`() throws {
        let assembly = try assemble(["8080": "shop/web:80", "1024": "shop/web:80", "8443": "shop/web:80:ssl"]) {
            ($0.isHTTPEnabled, $0.isHTTPSEnabled, $0.statsPort) = (false, false, 0)
        }
        #expect(assembly.findings.isEmpty && assembly.map("tcp-services").count == 3)
    }

    @Test func `A missing ConfigMap is a warning, and a refused entry is left out`() throws {
        #expect(try assemble(nil).findings.map(\.severity) == [.warning])
        var refusals = Refusals()
        refusals.refuse(Self.object, key: "5432", value: "shop/web:80", reason: "cannot bind socket")
        let refused = try assemble(["5432": "shop/web:80", "5433": "shop/web:80"], refusals: refusals)
        #expect(refused.map("tcp-services").keys.sorted() == ["5433"] && frontend(5432, refused) == nil)
        #expect(refused.messages.count == 1 && refused.messages[0].contains("is refused by HAProxy: cannot bind socket"))
        refusals.lift(Self.object, key: "5432", value: "shop/web:80")
        #expect(try assemble(["5432": "shop/web:80"], refusals: refusals).findings.isEmpty)
    }

    @Test func `Services come, go and change at run time, ports with a reload`() throws {
        let entries = ["5432": "shop/web:80"]
        let with = try assemble(entries).state
        let without = try Cluster.assemble([Cluster.configMap([:]), Cluster.configMap(entries, name: "tcp")]) {
            $0.tcpServicesConfigMap = EngineOptions.ObjectName(namespace: "default", name: "tcp")
        }.state
        var running = RunningState(loaded: with)
        for state in [without, with] {
            guard case .runtime(let updates) = running.difference(to: state) else {
                Issue.record("no runtime update")
                return
            }
            for update in updates { running.apply(update) }
        }
        for entries in [[:], ["5433": "shop/web:80"], ["5432": "shop/web:80:ssl"]] {
            guard case .reload = running.difference(to: try assemble(entries).state) else {
                Issue.record("no reload for \(entries)")
                return
            }
        }
    }
}
