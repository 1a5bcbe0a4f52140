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

    private static func assemble(_ objects: [KubernetesObject], _ limits: [ResourceLimits.Name: Int]) throws -> AssemblyReport {
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

    @Test func `Of all namespaces together the oldest conditions get rules, and nobody's newer ones take their place`() throws {
        func canary(_ namespace: String, _ number: Int, year: Int) -> [KubernetesObject] {
            let name = "next\(number)"
            return [
                Cluster.service(name, namespace: namespace, annotations: ["only-when": "\(namespace)-\(number)"]),
                Cluster.ingress(
                    name, namespace: namespace, host: "\(name).\(namespace).example.com", service: name,
                    created: "\(year)-01-01T00:00:00Z"),
            ]
        }
        let old = canary("shop", 1, year: 2020) + canary("shop", 2, year: 2021)
        let crowd = (0..<40).flatMap { canary("evil\($0 / 4)", $0, year: 2022) }
        var options = EngineOptions()
        options.environment.limits[.conditions] = 10
        let live = Assembler(Engine(registry: try AnnotationRegistry(TestHandlers.all), options: options))
        for object in crowd { live.upsert(object) }
        _ = live.update(now: 0)
        for object in old { live.upsert(object) }
        _ = live.update(now: 0)
        func conditions() -> [String] {
            let lines = live.state.section("frontend http")?.lines.map(\.directive.text) ?? []
            return lines.filter { $0.contains("sub(txn.chosen)") }
        }
        #expect(conditions().count == 10)
        for number in [1, 2] { #expect(conditions().contains { $0.contains("shop-\(number)") }, "\(conditions())") }
        let told = live.allFindings.filter { $0.message.contains("--limits conditions=") }
        #expect(told.count == 32 && told.allSatisfy { $0.object?.namespace.hasPrefix("evil") == true })
        #expect(live.engine.assemble(live.store, now: 0).state == live.state)
        // The oldest route with a condition goes, and the next one's age counts.
        live.remove(ObjectKey(.ingress, namespace: "shop", name: "next1"))
        _ = live.update(now: 0)
        #expect(conditions().count == 10 && !conditions().contains { $0.contains("shop-1") })
        #expect(live.engine.assemble(live.store, now: 0).state == live.state)
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

    @Test func `A condition that finds no room at a longer path is told, until there is room`() throws {
        func canary(_ number: Int, _ path: String) -> [KubernetesObject] {
            [
                Cluster.service("next\(number)", annotations: ["only-when": "x-\(number)"]),
                Cluster.slice(Cluster.pods("10.0.0.1"), name: "next\(number)-1", of: "next\(number)"),
                Cluster.ingress(
                    "next\(number)", path: path, service: "next\(number)", created: "2025-01-0\(number)T00:00:00Z"),
            ]
        }
        var options = EngineOptions()
        options.environment.limits[.placeConditions] = 2
        let live = Assembler(Engine(registry: try AnnotationRegistry(TestHandlers.all), options: options))
        for object in canary(1, "/") + canary(2, "/a") + canary(3, "/a") + canary(4, "/a/b") { live.upsert(object) }
        func told() -> [String] {
            _ = live.update(now: 0)
            let fresh = live.engine.assemble(live.store, now: 0)
            #expect(fresh.state == live.state && Set(fresh.findings) == Set(live.allFindings))
            return live.allFindings.map { "\($0.object?.name ?? "") \($0.message.split(separator: ";")[0])" }.sorted()
        }
        let reason = "is one of too many conditions for host shop.example.com, path"
        let end = "so the Service gets no requests there"
        #expect(told() == ["next1 \(reason) /a, \(end)", "next3 \(reason) /a/b, \(end)"])
        // The longest path goes: the condition of the one before has room wherever it is asked.
        live.remove(ObjectKey(.ingress, namespace: "shop", name: "next4"))
        #expect(told() == ["next1 \(reason) /a, \(end)"])
        live.remove(ObjectKey(.ingress, namespace: "shop", name: "next3"))
        #expect(told() == [])
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
