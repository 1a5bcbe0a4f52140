import TestSupport
import Testing

@testable import Core

/// What canaries cost those who have none.
@Suite struct ConditionCostTests {
    private static func canaries(_ count: Int, on host: String = "shop.example.com") -> [KubernetesObject] {
        (0..<count).flatMap { number in
            [
                Cluster.service("next\(number)", annotations: ["only-when": "x-\(number)"]),
                Cluster.slice(Cluster.pods("10.0.0.1"), name: "next\(number)-1", of: "next\(number)"),
                Cluster.ingress("next\(number)", host: host, service: "next\(number)"),
            ]
        }
    }

    private static func assemble(_ objects: [KubernetesObject], _ limits: [ResourceLimits.Name: Int]) throws -> Assembly {
        try Cluster.assemble(objects) { options in
            for (name, limit) in limits { options.environment.limits[name] = limit }
        }
    }

    @Test func `A place has one entry for each of its canaries`() throws {
        let limits: [ResourceLimits.Name: Int] = [.placeConditions: 1000, .namespaceConditions: 1000]
        for count in [10, 200] {
            let assembly = try Self.assemble(Self.canaries(count), limits)
            #expect(assembly.findings.isEmpty)
            #expect(assembly.map("route-acl").count == count)
        }
    }

    @Test func `Canaries beyond the limits get no requests, and their Services are told`() throws {
        let place = try Self.assemble(Self.canaries(12), [.placeConditions: 10])
        #expect(place.map("route-acl").count == 10)
        #expect(
            place.messages.count == 2 && place.messages.allSatisfy { $0.contains("--limits place-conditions=") },
            "\(place.messages)")
        #expect(place.findings.allSatisfy { $0.object?.kind == .service })
        let namespace = try Self.assemble(Self.canaries(12), [.namespaceConditions: 10])
        #expect(namespace.messages.count == 2 && namespace.messages.allSatisfy { $0.contains("--limits namespace-conditions=") })
        let rules = namespace.state.sections.first { $0.header == "frontend http" }?.lines.filter {
            $0.directive.text.contains("sub(txn.chosen)")
        }
        #expect(rules?.count == 10)
    }

    @Test func `Younger conditions that cost too much beside older ones get no requests, and cheap ones go on`() throws {
        // Each takes a third of what all at a path may take.
        func canary(_ number: Int, _ pattern: String) -> [KubernetesObject] {
            [
                Cluster.service("next\(number)", annotations: ["only-if": "path -m reg \(pattern)"]),
                Cluster.slice(Cluster.pods("10.0.0.1"), name: "next\(number)-1", of: "next\(number)"),
                Cluster.ingress(
                    "next\(number)", host: "shop.example.com", service: "next\(number)", created: "2025-01-0\(number)T00:00:00Z"),
            ]
        }
        let costly = "^.{0,124}.{0,124}.{0,124}!"
        let objects = (1...4).flatMap { canary($0, "\(costly)\($0)") } + canary(5, "^/a")
        let assembly = try Cluster.assemble(objects)
        let kept = assembly.map("route-acl").values.compactMap { $0.split(separator: "|").last }.sorted()
        #expect(kept == ["shop_svc_next1_http", "shop_svc_next2_http", "shop_svc_next3_http", "shop_svc_next5_http"])
        #expect(assembly.findings.count == 1 && assembly.findings[0].object?.name == "next4", "\(assembly.findings)")
        #expect(
            assembly.messages.allSatisfy {
                $0.contains("--limits expression-ms=") && $0.contains("older conditions leave no room")
            })
        // It gets requests when there is room.
        let fewer = try Cluster.assemble(Array(objects.dropFirst(3)))
        #expect(fewer.findings.isEmpty && fewer.map("route-acl").count == 4)
        let more = try Cluster.assemble(objects) { $0.environment.limits[.expressionTime] = 80 }
        #expect(more.findings.isEmpty && more.map("route-acl").count == 5)
    }

    @Test func `Requests for other places leave before the rules of conditions`() throws {
        let assembly = try Cluster.assemble(Self.canaries(3) + [Cluster.ingress("other", host: "other.example.com")])
        let lines = assembly.state.sections.first { $0.header == "frontend http" }?.lines.map(\.directive.text) ?? []
        let leave = try #require(lines.firstIndex(of: "tcp-request content accept if !{ var(txn.candidates) -m found }"))
        let first = try #require(lines.firstIndex { $0.contains("sub(txn.chosen)") })
        #expect(leave < first)
        #expect(lines[first...].filter { $0.contains("sub(txn.chosen)") }.allSatisfy { $0.hasPrefix("tcp-request content ") })
        // A host that is one place leaves at once, unless candidates have it.
        #expect(Array(assembly.map("host-route").keys) == ["other.example.com"])
    }
}
