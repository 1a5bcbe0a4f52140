import Foundation
import TestSupport
import Testing

@Suite("deploy/ on a real API server", .serialized, .enabled(if: DeployedCluster.kubeconfig != nil))
struct DeployTests {
    @Test("applies, and a second time changes nothing", arguments: ["deploy/daemonset", "deploy"])
    func apply(path: String) async throws {
        let directory = DeployedCluster.directory(path)
        try await DeployedCluster.kubectl("apply", "-k", directory)
        let again = try await DeployedCluster.kubectl("apply", "-k", directory)
        #expect(again.split(separator: "\n").count >= 12)
        #expect(again.split(separator: "\n").filter { !$0.hasSuffix(" unchanged") } == [])
        let difference = try await DeployedCluster.tryKubectl(["diff", "-k", directory])
        #expect(difference.status == 0 && difference.output == "")
    }

    @Test("has a disruption budget as a component, for servers that know policy/v1")
    func component() async throws {
        let directory = try TemporaryDirectory("kustomize")
        defer { directory.remove() }
        try FileManager.default.copyItem(atPath: DeployedCluster.directory("deploy"), toPath: directory.file("deploy").path)
        try directory.write(
            "own/kustomization.yaml", "resources: [../deploy]\ncomponents: [../deploy/components/disruption-budget]\n")
        let own = directory.file("own").path
        let rendered = try await DeployedCluster.kubectl("kustomize", own)
        #expect(rendered.contains("kind: PodDisruptionBudget") && rendered.contains("kind: Deployment"))
        if try await DeployedCluster.kubectl("api-versions").contains("policy/v1\n") {
            try await DeployedCluster.kubectl("apply", "-k", own, "--dry-run", "server")
        }
    }

    @Test("makes the controller serve, lead, write status and Events, without one right too few")
    func suffices() async throws {
        let cluster = try await DeployedCluster(pods: Loopback.network())
        try await cluster.prepare()
        try await DeployedCluster.kubectl("delete", "events", "-A", "--all")
        // The second run finds the Events of the first.
        for run in 1...2 {
            try await cluster.withController { controller async throws in
                let authority = try TemporaryDirectory("authority")
                defer { authority.remove() }
                let file = try authority.write("ca.crt", cluster.certificate.authority.certificate)
                try await controller.eventually("https://shop.example.com/", authority: file) { $0.pod == "pod-1" }
                try await controller.wait("it leads") { controller.log.contains("became leader") }
                try await controller.wait("the status is written") {
                    try await DeployedCluster.kubectl(
                        "get", "ingress", "web", "-n", "shop", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}")
                        == "192.0.2.7"
                }
                try await controller.wait("every object with a mistake has an Event", within: .seconds(60)) {
                    try await cluster.events()
                        == [
                            "Ingress web": "RejectedAnnotation", "Service web": "RejectedAnnotation",
                            "ConfigMap \(DeployedCluster.name)": "RejectedSetting", "EndpointSlice broken": "InvalidObject",
                        ]
                }
                try await cluster.nameAnotherSecret()
                try await controller.eventually("https://late.example.com/", authority: file) { $0.pod == "pod-1" }
                // The second time they are repeated: nothing is said twice within ten minutes, so that they have to be older.
                if run == 1 { try await ageEvents() } else { try await waitForRepetition(controller) }
                await controller.terminate()
                #expect(!controller.log.contains("403") && !controller.log.contains("forbidden"))
                #expect(!controller.log.contains("stays behind"))
            }
            let leases = try await DeployedCluster.kubectl("get", "leases", "-n", DeployedCluster.namespace, "-o", "name")
            #expect(leases == "lease.coordination.k8s.io/haproxy-ingress-leader-haproxy\n")
        }
    }

    /// Nothing is said twice within ten minutes.
    func ageEvents() async throws {
        for namespace in ["shop", "default", DeployedCluster.namespace] {
            let names = try await DeployedCluster.kubectl("get", "events", "-n", namespace, "-o", "name").split(separator: "\n")
            for name in names {
                try await DeployedCluster.kubectl(
                    "patch", String(name), "-n", namespace, "--type", "merge", "-p", #"{"lastTimestamp":"2020-01-01T00:00:00Z"}"#)
            }
        }
    }

    private func waitForRepetition(_ controller: TestController) async throws {
        try await controller.wait("Events are repeated", within: .seconds(60)) {
            try await DeployedCluster.kubectl(
                "get", "events", "-n", "shop", "-o", "jsonpath={range .items[*]}{.count}{end}"
            ).allSatisfy { $0 == "2" }
        }
    }

    @Test("For one namespace, rights in it and in the controller's own are enough, and to list classes")
    func oneNamespace() async throws {
        let cluster = try await DeployedCluster(pods: Loopback.network())
        try await cluster.prepare()
        let roles = [DeployedCluster.name, "\(DeployedCluster.name)-reports"]
        let account = "\(DeployedCluster.namespace):\(DeployedCluster.name)"
        for role in roles {
            try await DeployedCluster.kubectl("delete", "clusterrolebinding", role)
            for namespace in ["shop", DeployedCluster.namespace] {
                try await DeployedCluster.kubectl(
                    "create", "rolebinding", role + "-own", "-n", namespace, "--clusterrole", role, "--serviceaccount", account)
            }
        }
        try await DeployedCluster.kubectl(
            "create", "clusterrole", "classes", "--verb", "list,watch", "--resource", "ingressclasses.networking.k8s.io")
        try await DeployedCluster.kubectl(
            "create", "clusterrolebinding", "classes", "--clusterrole", "classes", "--serviceaccount", account)
        try await DeployedCluster.waitUntil(isAllowed: true, .read("ingressclasses", "networking.k8s.io", "watch"))
        try await cluster.withController(["--namespace-whitelist=shop"]) { controller async throws in
            try await controller.eventually("https://shop.example.com/") { $0.pod == "pod-1" }
            try await cluster.nameAnotherSecret()
            try await controller.eventually("https://late.example.com/") { $0.pod == "pod-1" }
            try await controller.wait("Events are written", within: .seconds(60)) { try await cluster.events().count == 4 }
            await controller.terminate()
            #expect(!controller.log.contains("403") && !controller.log.contains("forbidden"))
        }
        try await DeployedCluster.kubectl("delete", "clusterrole,clusterrolebinding", "classes")
        for role in roles {
            try await DeployedCluster.kubectl("delete", "rolebinding", role + "-own", "-n", DeployedCluster.namespace)
        }
        try await DeployedCluster.kubectl("apply", "-k", DeployedCluster.directory("deploy"))
    }
}
