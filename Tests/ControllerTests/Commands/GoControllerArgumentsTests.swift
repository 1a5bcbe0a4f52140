import ArgumentParser
import Core
import TestSupport
import Testing

@testable import Controller

@Suite("Arguments of the Go controller") struct GoControllerArgumentsTests {
    private func command(_ arguments: [String]) throws -> RunCommand {
        try #require(try HAProxyIngress.parseAsRoot(arguments) as? RunCommand)
    }

    @Test(
        "What its Deployments and its chart have is taken", arguments: GoControllerArguments.deployments.keys.sorted() + ["chart"]
    )
    func deployments(_ name: String) throws {
        let arguments = GoControllerArguments.deployments[name] ?? GoControllerArguments.chart
        let command = try command(arguments)
        #expect(arguments.contains("--configmap=\(command.options.configmap)"))
        if name == "chart" {
            #expect(command.status.publishService?.description == "ingress/haproxy-kubernetes-ingress")
            #expect(command.options.engineOptions.allowedNamespaces == ["default"])
        }
    }

    @Test("Each flag that means something here is taken", arguments: GoControllerArguments.active)
    func active(_ argument: String) throws {
        let notes = try command([argument]).idle.notes
        #expect(notes.isEmpty)
    }

    @Test(
        "Each flag that asks for nothing is taken, and one line says what stands in its place",
        arguments: GoControllerArguments.idle.keys.sorted())
    func idle(_ flag: String) throws {
        let idle = try command(try #require(GoControllerArguments.idle[flag])).idle
        #expect(idle.notes.count == 1)
        let note = try #require(idle.notes.first)
        #expect(note.hasPrefix("\(flag) has no effect here. ") && !note.contains("\n"))
        #expect(idle.end == nil)
    }

    @Test("All of them are in a list of their own in the help, with the same sentence")
    func help() throws {
        let help = HAProxyIngress.helpMessage(for: RunCommand.self, columns: 4000)
        let heading = try #require(help.range(of: "OPTIONS OF THE GO CONTROLLER THAT ASK FOR NOTHING HERE:"))
        for flag in IdleOptions.Name.allCases {
            #expect(help[heading.upperBound...].contains(" \(flag.flag)"))
            #expect(help[heading.upperBound...].contains(flag.sentence))
            #expect(!help[..<heading.lowerBound].contains(" \(flag.flag) "))
        }
        for title in ["ADMIN OPTIONS:", "SOURCE OPTIONS:", "STATUS OPTIONS:", "CONFIGURATION OPTIONS:"] {
            #expect(help.contains(title))
        }
    }

    @Test("A job for custom resources ends at once, and a conversion of them fails; one file alone converts nothing there either")
    func jobs() throws {
        #expect(try command(["--job-check-crd"]).idle.end == .success)
        #expect(try command(["--input-file=a", "--output-file=b"]).idle.end == .failure)
        #expect(try command(["--input-file=a"]).idle.end == nil)
    }

    @Test("Lists come by repetition and by comma")
    func lists() throws {
        let options = try command([
            "--namespace-whitelist=a", "--namespace-whitelist=b,c", "--namespace-blacklist", "d, e",
            "--disable-config-snippets=global,frontend", "--disable-config-snippets", "backend",
        ]).options.engineOptions
        #expect(options.allowedNamespaces == ["a", "b", "c"])
        #expect(options.deniedNamespaces == ["d", "e"])
        #expect(options.environment.disabledSnippets == [.global, .frontend, .backend])
    }

    @Test(
        "Durations are Go's and HAProxy's",
        arguments: [
            ("5s", 5000), ("1m30s", 90_000), ("1.5h", 5_400_000), ("300ms", 300), ("0", 0), ("500", 500), ("1h0m0s", 3_600_000),
            (".5s", 500), ("1d", 86_400_000), ("720h", 2_592_000_000), ("1500us", 1.5), ("1500µs", 1.5), ("+2s", 2000),
        ])
    func durations(_ text: String, milliseconds: Double) throws {
        #expect(try command(["--sync-period", text]).syncPeriod.duration / .milliseconds(1) == milliseconds)
    }

    @Test(
        "What is no duration is refused",
        arguments: ["", "s", "-5s", "5 s", "1..5s", "5x", "soon", "nan", "infs", "1e3s", "0x5s", "99999999999h", "5s5", "."])
    func noDurations(_ text: String) {
        #expect(throws: (any Error).self) { try command(["--sync-period=\(text)"]) }
    }

    @Test("namespace/name is two names", arguments: ["a", "a/b/c", "/a", "a/", ""])
    func names(_ text: String) {
        for option in ["configmap", "custom-validation-rules", "default-backend-service", "configmap-tcp-services"] {
            #expect(throws: (any Error).self) { try command(["--\(option)=\(text)"]) }
        }
    }

    @Test("Threads go to their listeners, and bad ones are refused")
    func threads() throws {
        let options = try command([
            "--http-bind-thread=1-1", "--https-bind-thread=2", "--healthz-bind-thread=odd", "--stats-bind-thread", "1/1",
        ]).options.engineOptions
        #expect(options.httpThreads?.description == "1-1" && options.httpsThreads?.description == "2")
        #expect(options.healthzThreads?.description == "odd" && options.statsThreads?.description == "1/1")
        #expect(throws: (any Error).self) { try command(["--http-bind-thread=1-1 ssl"]) }
    }

    @Test("Labels of namespaces would be passed over, so that they are refused, where they are in force there")
    func labels() throws {
        #expect(throws: (any Error).self) { try command(["--namespace-label-selector=team=a"]) }
        #expect(try command(["--namespace-label-selector=team=a", "--namespace-blacklist=shop"]).idle.notes.count == 1)
        #expect(try command(["--namespace-label-selector", ""]).idle.notes.isEmpty)
    }

    @Test("Every flag comes from the environment too")
    func environment() throws {
        let merged = EnvironmentArguments(
            arguments: [],
            environment: [
                "HAPROXY_INGRESS_PROMETHEUS": "true", "HAPROXY_INGRESS_CONTROLLER_PORT": "7000",
                "HAPROXY_INGRESS_CHANNEL_SIZE": "7", "HAPROXY_INGRESS_HTTP_BIND_THREAD": "1",
            ]
        ).merged
        let command = try command(merged)
        #expect(command.admin.listeningPort == 7000 && command.idle.channelSize == 7)
        #expect(command.options.engineOptions.httpThreads?.description == "1")
    }

    @Test("POD_IP is one of the host's addresses, besides those of its interfaces")
    func podAddress() throws {
        let address = try #require(IPAddress("198.51.100.7"))
        #expect(HostAddresses.own(environment: ["POD_IP": "198.51.100.7"]) == HostAddresses.current.union([address]))
        #expect(HostAddresses.own(environment: ["POD_IP": "nothing"]) == HostAddresses.current)
    }

    // MARK: - The controller's port

    private func doors(_ arguments: [String], on addresses: [String] = ["0.0.0.0", "::"]) throws -> [String] {
        try command(arguments).admin.doors(listeningOn: addresses).map { door in
            switch door {
            case .tcp(let address): "admin \(address)"
            case .controllerPort(let address, let showsMetrics, let admin):
                "\(showsMetrics ? "metrics" : "probes") \(address)" + (admin.map { " with admin \($0)" } ?? "")
            case .unixSocket: "socket"
            }
        }
    }

    @Test("Without a flag nothing but --admin-bind is listened on; --prometheus opens the port on every listening address")
    func ports() throws {
        #expect(try doors([]) == ["admin 127.0.0.1:6060"])
        #expect(try doors(["--controller-port=0"]) == ["admin 127.0.0.1:6060"])
        #expect(
            try doors(["--prometheus", "--controller-port=7000"])
                == ["admin 127.0.0.1:6060", "metrics 0.0.0.0:7000", "metrics [::]:7000"])
        #expect(
            try doors(["--controller-port=7000"], on: ["192.0.2.1"]) == ["admin 127.0.0.1:6060", "probes 192.0.2.1:7000"])
        // As in the Go controller, metrics have a port even where it is said to be none.
        #expect(
            try doors(["--prometheus", "--controller-port=0", "--admin-bind=none"], on: ["::"]) == ["metrics [::]:6060"])
    }

    @Test("Where one listener takes another's connections there is one")
    func sharedPorts() throws {
        #expect(try doors(["--prometheus"]) == ["metrics 0.0.0.0:6060 with admin 127.0.0.1:6060", "metrics [::]:6060"])
        #expect(
            try doors(["--prometheus", "--admin-bind=0.0.0.0:6060"]) == ["admin 0.0.0.0:6060", "metrics [::]:6060"])
        #expect(try doors(["--prometheus", "--admin-bind=[::]:6060"]) == ["admin [::]:6060"])
        #expect(
            try doors(["--prometheus", "--admin-bind=0.0.0.0:6060"], on: ["192.0.2.1"]) == ["admin 0.0.0.0:6060"])
        #expect(
            try doors(["--prometheus"], on: ["192.0.2.1"]) == ["admin 127.0.0.1:6060", "metrics 192.0.2.1:6060"])
    }

    @Test("A port that HAProxy has is refused", arguments: ["8080", "8443", "1024", "1042", "70000", "-1"])
    func takenPort(_ port: String) {
        #expect(throws: (any Error).self) { try command(["--prometheus", "--controller-port=\(port)"]) }
    }
}
