import Foundation
import TestSupport
import Testing

/// One right less.
extension DeployTests {
    @Test("names every right in the test below")
    func allRights() async throws {
        try await DeployedCluster.kubectl("apply", "-k", DeployedCluster.directory("deploy"))
        #expect(try await Right.deployed() == Set(Self.rights))
    }

    static let rights =
        ["list", "watch"].map { Right.read("ingressclasses", "networking.k8s.io", $0) }
        + ["get", "list", "watch"].flatMap { verb in
            [
                .read("ingresses", "networking.k8s.io", verb), .read("endpointslices", "discovery.k8s.io", verb),
                .read("services", "", verb), .read("secrets", "", verb),
                Right(role: Right.own, group: "", resource: "configmaps", verb: verb),
            ]
        }
        + ["get", "create", "patch"].map { Right(role: Right.reports, group: "", resource: "events", verb: $0) }
        + [Right(role: Right.reports, group: "networking.k8s.io", resource: "ingresses/status", verb: "patch")]
        + ["get", "list", "create", "patch", "delete"].map {
            Right(role: Right.own, group: "coordination.k8s.io", resource: "leases", verb: $0)
        }

    @Test("needs each of its rights: without it the log says what is missing, and what for", arguments: rights)
    func without(_ right: Right) async throws {
        let cluster = try await DeployedCluster(pods: Loopback.network())
        try await cluster.prepare()
        try await DeployedCluster.waitUntil(isAllowed: true, right)
        if right.resource == "events" { try await writeOldEvents(cluster, exceptFor: right) }
        if right.resource == "ingresses/status" { try await clearStatus() }
        try await right.takeAway()
        let reason = "cannot \(right.verb) resource \"\(right.resource)\""
        try await cluster.withController { controller async throws in
            if right.resource == "secrets", right.verb == "get" { try await cluster.nameAnotherSecret() }
            if right.verb == "delete" { await controller.terminate() }
            try await controller.wait("the log tells: \(purpose(of: right)) ... \(reason)", within: .seconds(60)) {
                controller.log.split(separator: "\n").contains { $0.contains(purpose(of: right)) && $0.contains(reason) }
            }
        }
        try await DeployedCluster.kubectl("apply", "-k", DeployedCluster.directory("deploy"))
    }

    @Test("A right that comes later is as good as one that was always there")
    func later() async throws {
        let cluster = try await DeployedCluster(pods: Loopback.network())
        try await cluster.prepare()
        let right = Right.read("ingresses", "networking.k8s.io", "list")
        try await DeployedCluster.waitUntil(isAllowed: true, right)
        try await right.takeAway()
        try await cluster.withController { controller async throws in
            #expect(try await controller.request("http://shop.example.com/").status == 404)
            // Told after the first configuration, which may be in force before.
            try await controller.wait("the log tells what is missing") {
                controller.log.contains("may not list and watch ingresses.networking.k8s.io")
            }
            try await DeployedCluster.kubectl("apply", "-k", DeployedCluster.directory("deploy"))
            try await controller.eventually("https://shop.example.com/", within: .seconds(60)) { $0.pod == "pod-1" }
            try await controller.wait("the log tells that it is mended") {
                controller.log.contains("mended: may not list and watch ingresses.networking.k8s.io")
            }
        }
    }

    private func purpose(of right: Right) -> String {
        let qualified = right.group.isEmpty ? right.resource : "\(right.resource).\(right.group)"
        switch (right.resource, right.verb) {
        case ("ingresses/status", _): return "the status of Ingress shop/web cannot be written: PATCH "
        case ("leases", "get"): return "leader election: GET "
        case ("leases", "patch"): return "leader election: PATCH "
        case ("leases", "delete"): return "stays behind until the leader clears it away: DELETE "
        case ("leases", _): return "the replicas cannot be counted: "
        case ("events", _): return "an Event on "
        case ("secrets", "get"):
            return "cannot get Secrets that are named, such as shop/late-tls, which count as not there: GET "
        case (_, "get"): return "cannot be written: GET "
        default: return "may not list and watch \(qualified)"
        }
    }

    /// What is written when Events of old are there already.
    private func writeOldEvents(_ cluster: DeployedCluster, exceptFor right: Right) async throws {
        try await DeployedCluster.kubectl("delete", "events", "-A", "--all")
        guard right.verb != "create" else { return }
        try await cluster.withController { controller async throws in
            try await controller.wait("Events are written", within: .seconds(60)) { try await cluster.events().count == 4 }
        }
        try await ageEvents()
    }

    private func clearStatus() async throws {
        try await DeployedCluster.kubectl(
            "patch", "ingress", "web", "-n", "shop", "--subresource", "status", "--type", "merge", "-p",
            #"{"status":{"loadBalancer":{"ingress":null}}}"#)
    }
}

extension Right {
    static func read(_ resource: String, _ group: String, _ verb: String) -> Right {
        Right(role: cluster, group: group, resource: resource, verb: verb)
    }
}
