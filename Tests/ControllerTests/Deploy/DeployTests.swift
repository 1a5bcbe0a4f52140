import Core
import Foundation
import Testing

@testable import Controller

@Suite("deploy/") struct DeployTests {
    private func command(_ workload: Workload) throws -> RunCommand {
        try #require(try HAProxyIngress.parseAsRoot(workload.arguments) as? RunCommand)
    }

    @Test("The arguments are what `run` takes, and name what is there", arguments: Workload.allCases)
    func arguments(_ workload: Workload) throws {
        let command = try command(workload)
        #expect(try !workload.arguments.isEmpty)
        let configMap = try DeployManifests.object("base/configmap.yaml")["metadata"]
        #expect(
            command.options.configmap.description
                == "\(configMap?["namespace"]?.string ?? "")/\(configMap?["name"]?.string ?? "")")
        let ingressClass = try DeployManifests.object("base/ingress-class.yaml")
        #expect(
            ingressClass["spec"]?["controller"]?.string
                == "\(EngineOptions.controllerName)/\(command.options.ingressClass ?? "")")
        #expect(ingressClass["metadata"]?["name"]?.string == command.options.ingressClass)
        let service = try DeployManifests.object("deployment/service.yaml")["metadata"]
        switch workload {
        case .deployment:
            #expect(
                command.status.publishService?.description
                    == "\(service?["namespace"]?.string ?? "")/\(service?["name"]?.string ?? "")")
        case .daemonset: #expect(!command.status.isEnabled)
        }
    }

    @Test(
        "Snippets of Ingresses and Services are refused: whoever writes one could read other namespaces' keys",
        arguments: Workload.allCases)
    func snippets(_ workload: Workload) throws {
        #expect(try command(workload).options.engineOptions.environment.disabledSnippets == [.backend])
    }

    @Test("The ports of the containers are where the controller and HAProxy listen", arguments: Workload.allCases)
    func ports(_ workload: Workload) throws {
        let command = try command(workload)
        #expect(try workload.port("http") == command.options.httpBindPort)
        #expect(try workload.port("https") == command.options.httpsBindPort)
        #expect(try workload.port("stat") == command.options.statsBindPort)
        #expect(try workload.port("healthz") == command.options.healthzBindPort)
        let admin = try #require(AdminAddress(command.admin.adminBind))
        #expect(try workload.port("admin") == Int(admin.port))
        #expect(admin.host == "0.0.0.0", "probes come from outside of the pod")
        // What everybody may bind: no capability is asked for.
        for name in ["http", "https", "stat", "healthz", "admin"] { #expect(try workload.port(name) ?? 0 >= 1024) }
    }

    @Test(
        "Statistics and the admin endpoint are for the namespace of Prometheus, also among replicas", arguments: Workload.allCases
    )
    func networkPolicy(_ workload: Workload) throws {
        let spec = try #require(try DeployManifests.object("base/network-policy.yaml")["spec"])
        let labels = try workload.node["spec"]?["template"]?["metadata"]?["labels"]
        let selected = spec["podSelector"]?["matchLabels"]
        #expect(selected?["run"]?.string == labels?["run"]?.string && selected?["run"] != nil)
        #expect(spec["policyTypes"]?.elements.compactMap(\.string) == ["Ingress"])
        func ports(_ rule: Node) -> Set<String> { Set(rule["ports"]?.elements.compactMap { $0["port"]?.string } ?? []) }
        let rules = spec["ingress"]?.elements ?? []
        let open = rules.filter { $0["from"] == nil }
        #expect(open.map(ports) == [["http", "https", "healthz"]])
        let closed = rules.filter { $0["from"] != nil }
        #expect(closed.map(ports) == [["stat", "admin"]])
        for peer in closed.flatMap({ $0["from"]?.elements ?? [] }) {
            #expect(peer["podSelector"] == nil && peer["ipBlock"] == nil)
            #expect(peer["namespaceSelector"]?["matchLabels"]?["kubernetes.io/metadata.name"]?.string == "monitoring")
        }
        let resources = try DeployManifests.object("base/kustomization.yaml")["resources"]?.elements.compactMap(\.string)
        #expect(resources?.contains("network-policy.yaml") == true)
        // All ports of the pods are in one of the rules.
        let all = try workload.container?["ports"]?.elements.compactMap { $0["name"]?.string } ?? []
        #expect(Set(all) == rules.map(ports).reduce([]) { $0.union($1) })
    }

    @Test("The pod knows its namespace and all its addresses, so that no endpoint leads back to it", arguments: Workload.allCases)
    func addresses(_ workload: Workload) throws {
        let variables = try workload.container?["env"]?.elements.reduce(into: [String: String]()) { fields, variable in
            fields[variable["name"]?.string ?? ""] = variable["valueFrom"]?["fieldRef"]?["fieldPath"]?.string
        }
        #expect(variables?["POD_IPS"] == "status.podIPs" && variables?["POD_NAMESPACE"] == "metadata.namespace")
    }

    @Test("What is written is on a volume, and nothing else can be written", arguments: Workload.allCases)
    func volumes(_ workload: Workload) throws {
        let command = try command(workload)
        let mounts = try workload.container?["volumeMounts"]?.elements.compactMap { $0["mountPath"]?.string } ?? []
        #expect(Set(mounts) == [command.configDir, command.runtimeDir])
        #expect(try workload.container?["securityContext"]?["readOnlyRootFilesystem"]?.writtenText == "true")
    }

    @Test("A pod has the time that HAProxy's connections have", arguments: Workload.allCases)
    func grace(_ workload: Workload) throws {
        let text = try #require(try DeployManifests.object("base/configmap.yaml")["data"]?["hard-stop-after"]?.string)
        let hardStop = try ValueType<Duration>.duration.value(text)
        let sleep = try workload.container?["lifecycle"]?["preStop"]?["exec"]?["command"]?.elements.compactMap(\.writtenText)
        let preStop = try #require(sleep.flatMap { $0.first == "sleep" ? $0.last.flatMap { Int($0) } : nil })
        let grace = try #require(try workload.pod?["terminationGracePeriodSeconds"]?.number)
        #expect(.seconds(grace) >= hardStop + .seconds(preStop) + .seconds(10))
    }

    @Test func `Deployment and DaemonSet run the same pod, but for ports of the node and where it runs`() throws {
        func comparable(_ workload: Workload) throws -> String? {
            try workload.pod?.without(["hostPort", "topologySpreadConstraints", "args"]).plain
        }
        #expect(try comparable(.deployment) == comparable(.daemonset))
        let own = try Workload.deployment.arguments.filter { !$0.hasPrefix("--publish-") }
        #expect(try own == Workload.daemonset.arguments)
    }

    @Test("The image is this release's", arguments: Workload.allCases)
    func image(_ workload: Workload) throws {
        let images = try DeployManifests.object("\(workload)/kustomization.yaml")["images"]?.elements
        let image = try workload.container?["image"]?.string
        #expect(images?.first { $0["name"]?.string == image }?["newTag"]?.writtenText == ControllerVersion.current)
    }

    @Test func `Of ConfigMaps the own one can be read, and nothing of the cluster's`() throws {
        let role = try #require(try DeployManifests.objects("base/rbac-namespace.yaml").first)
        let rule = try #require(role["rules"]?.elements.first { $0["resources"]?.elements.first?.string == "configmaps" })
        #expect(rule["resourceNames"]?.elements.compactMap(\.string) == [try command(.deployment).options.configmap.name])
        for object in try DeployManifests.objects("base/rbac-cluster.yaml") {
            for rule in object["rules"]?.elements ?? [] {
                #expect(!rule.plain.contains("configmaps") && !rule.plain.contains("*"))
            }
        }
    }

    @Test("Command lines in the documentation are what the program takes", arguments: ["Docs/running.md", "README.md"])
    func documentation(path: String) throws {
        let lines = try DeployManifests.text(path).replacingOccurrences(of: "\\\n", with: " ").split(separator: "\n")
        let commands = lines.compactMap { line -> Substring? in
            let line = line.trimmingPrefix { $0 == " " }
            for start in ["haproxy-ingress run", "ExecStart=/usr/local/bin/haproxy-ingress run"] where line.hasPrefix(start) {
                return line.dropFirst(start.count - 3)
            }
            return nil
        }
        for command in commands {
            let words = command.split(separator: " ").map(String.init)
            #expect(throws: Never.self, "\(command)") { _ = try HAProxyIngress.parseAsRoot(words) }
        }
        if path.hasPrefix("Docs") { #expect(commands.count >= 2) }
    }
}
