import Foundation
import TestSupport
import Testing

/// One right of `deploy/`, and what the controller's log says without it.
struct Right: Sendable, Hashable, CustomTestStringConvertible {
    let role: String
    let group: String
    let resource: String
    let verb: String

    var testDescription: String { "\(verb) \(resource)" }

    /// The rights of all roles of `deploy/`, as the API server has them.
    static func deployed() async throws -> Set<Right> {
        var rights: Set<Right> = []
        for role in roles {
            for rule in try await rules(of: role) {
                for group in rule.groups {
                    for resource in rule.resources {
                        for verb in rule.verbs { rights.insert(Right(role: role, group: group, resource: resource, verb: verb)) }
                    }
                }
            }
        }
        return rights
    }

    static let cluster = "clusterrole/\(DeployedCluster.name)"
    static let reports = "clusterrole/\(DeployedCluster.name)-reports"
    static let own = "role/\(DeployedCluster.name)"
    private static let roles = [cluster, reports, own]

    private struct Rule {
        var groups: [String]
        var resources: [String]
        var verbs: [String]
        var names: [String]

        init(_ rule: [String: Any]) {
            groups = rule["apiGroups"] as? [String] ?? []
            resources = rule["resources"] as? [String] ?? []
            verbs = rule["verbs"] as? [String] ?? []
            names = rule["resourceNames"] as? [String] ?? []
        }

        var json: [String: Any] {
            ["apiGroups": groups, "resources": resources, "verbs": verbs].merging(names.isEmpty ? [:] : ["resourceNames": names])
            { $1 }
        }
    }

    private static func rules(of role: String) async throws -> [Rule] {
        let text = try await DeployedCluster.kubectl("get", role, "-n", DeployedCluster.namespace, "-o", "json")
        return (try DeployedCluster.json(text)["rules"] as? [[String: Any]] ?? []).map(Rule.init)
    }

    /// Takes the right away, and waits until the API server knows.
    func takeAway() async throws {
        var rules = try await Self.rules(of: role)
        let index = try #require(rules.firstIndex { $0.groups.contains(group) && $0.resources.contains(resource) })
        var rest = rules[index]
        rest.resources = [resource]
        rest.verbs.removeAll { $0 == verb }
        rules[index].resources.removeAll { $0 == resource }
        let new = (rules + [rest]).filter { !$0.resources.isEmpty && !$0.verbs.isEmpty }.map(\.json)
        let patch = try JSONSerialization.data(
            withJSONObject: [["op": "replace", "path": "/rules", "value": new]], options: .withoutEscapingSlashes)
        try await DeployedCluster.kubectl(
            "patch", role, "-n", DeployedCluster.namespace, "--type", "json", "-p", String(decoding: patch, as: UTF8.self))
        try await DeployedCluster.waitUntil(isAllowed: false, self)
    }
}

extension DeployedCluster {
    /// The API server's answer about the service account of `deploy/`; roles reach its authorizer with a delay.
    static func waitUntil(isAllowed: Bool, _ right: Right) async throws {
        let parts = right.resource.split(separator: "/").map(String.init)
        let name = right.resource == "configmaps" ? "/\(self.name)" : ""
        let what = (right.group.isEmpty ? parts[0] : "\(parts[0]).\(right.group)") + name
        try await TestSupport.wait(for: "\(right.testDescription) is \(isAllowed ? "there" : "gone")") {
            let answer = try await tryKubectl(
                ["auth", "can-i", right.verb, what, "--as", "system:serviceaccount:\(namespace):\(self.name)", "-n", namespace]
                    + parts.dropFirst().flatMap { ["--subresource", $0] })
            return answer.output.hasPrefix(isAllowed ? "yes" : "no")
        }
    }
}
