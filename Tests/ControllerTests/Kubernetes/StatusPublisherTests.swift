import Core
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Controller

@Suite struct StatusPublisherTests {
    /// An API that knows of status alone, and a publisher that leads.
    private final class Bench: Sendable {
        let api: ScriptedAPI
        let present = IngressAddresses()
        let publisher: StatusPublisher
        private let answers: Answers

        init() throws {
            let answers = Answers()
            self.answers = answers
            api = try ScriptedAPI { request in
                let status = answers.status(request.path)
                return ScriptedAPI.json(#"{"message":"no","reason":"R\#(status)"}"#, status: status)
            }
            let access = ClusterAccess(
                cluster: Kubeconfig.Cluster(server: api.url), user: Kubeconfig.User(), namespace: nil, source: "test")
            var times = StatusPublisher.Times()
            times.retry = BackOff(initial: .milliseconds(20), maximum: .milliseconds(50))
            times.pause = BackOff(initial: .milliseconds(20), maximum: .milliseconds(50))
            publisher = StatusPublisher(
                present: present, api: KubernetesAPI(access), times: times,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        /// - Parameter status: for a path.
        func answer(_ status: @escaping @Sendable (String) -> Int) { answers.set(status) }

        /// `name: body` of each write, in order of names.
        var writes: [String] {
            api.requests.map { request in
                "\(request.method) \(request.path.components(separatedBy: "/ingresses/").last ?? ""): \(request.body)"
            }.sorted()
        }

        func lead(_ body: () async throws -> Void) async throws {
            let task = Task { await publisher.lead() }
            do { try await body() } catch {
                task.cancel()
                throw error
            }
            task.cancel()
            await task.value
            api.stop()
        }
    }

    private final class Answers: Sendable {
        private let body = Mutex<@Sendable (String) -> Int>({ _ in 200 })
        func set(_ new: @escaping @Sendable (String) -> Int) { body.withLock { $0 = new } }
        func status(_ path: String) -> Int { body.withLock { $0 }(path) }
    }

    private static func key(_ name: String) -> ObjectKey { ObjectKey(.ingress, namespace: "shop", name: name) }

    private static func ours(_ names: String...) -> [ObjectKey: Bool] { ours(names) }
    private static func ours(_ names: [String]) -> [ObjectKey: Bool] {
        Dictionary(uniqueKeysWithValues: names.map { (key($0), true) })
    }

    private static func body(_ addresses: String) -> String { #"{"status":{"loadBalancer":{"ingress":[\#(addresses)]}}}"# }

    @Test func `Only what differs is written`() async throws {
        let bench = try Bench()
        bench.present.set([.ip("192.0.2.1")], for: Self.key("right"))
        bench.present.set([.ip("192.0.2.9")], for: Self.key("wrong"))
        bench.present.set([.ip("192.0.2.9")], for: Self.key("foreign"))
        await bench.publisher.publish([.ip("192.0.2.1")])
        await bench.publisher.serve(Self.ours("right", "wrong", "empty"))
        try await bench.lead {
            try await wait(for: "two writes") { bench.writes.count >= 2 }
            #expect(
                bench.writes == [
                    "PATCH empty/status: \(Self.body(#"{"ip":"192.0.2.1"}"#))",
                    "PATCH wrong/status: \(Self.body(#"{"ip":"192.0.2.1"}"#))",
                ])
            #expect(bench.api.requests[0].headers["content-type"] == "application/merge-patch+json")
            // The echo of the own write, in another order than it was written in.
            await bench.publisher.publish([.hostname("lb.example.com"), .ip("192.0.2.1")])
            try await wait(for: "three more") { bench.writes.count >= 5 }
            bench.present.set([.ip("192.0.2.1"), .hostname("lb.example.com")], for: Self.key("right"))
            bench.present.set([.ip("203.0.113.1")], for: Self.key("empty"))
            try await wait(for: "the repair") { bench.writes.count >= 6 }
            #expect(bench.writes.filter { $0.contains("right/") }.count == 1)
            #expect(bench.writes.filter { $0.contains("empty/") }.count == 3)
            #expect(!bench.writes.contains { $0.contains("foreign") })
        }
    }

    @Test func `An Ingress that stops being ours loses our addresses, but not others'`() async throws {
        let bench = try Bench()
        for name in ["moved", "taken", "stays"] { bench.present.set([.ip("192.0.2.1")], for: Self.key(name)) }
        await bench.publisher.publish([.ip("192.0.2.1")])
        await bench.publisher.serve(Self.ours("moved", "taken", "stays"))
        bench.present.set([.ip("203.0.113.7")], for: Self.key("taken"))
        // Before this replica led: the one that did has died.
        await bench.publisher.serve([Self.key("moved"): false, Self.key("taken"): false])
        try await bench.lead {
            try await wait(for: "the write") { !bench.writes.isEmpty }
            // Once only: another controller with the same address may write it again.
            bench.present.set([.ip("192.0.2.1")], for: Self.key("moved"))
            await bench.publisher.publish([.ip("192.0.2.2")])
            try await wait(for: "the next write") { bench.writes.count >= 2 }
            #expect(
                bench.writes == [
                    "PATCH moved/status: \(Self.body(""))", "PATCH stays/status: \(Self.body(#"{"ip":"192.0.2.2"}"#))",
                ])
        }
    }

    @Test func `Nothing is written before it is known what is ours and where it is found`() async throws {
        let bench = try Bench()
        try await bench.lead {
            await bench.publisher.serve(Self.ours("a"))
            bench.present.set([.ip("203.0.113.7")], for: Self.key("a"))
            await bench.publisher.publish([.ip("192.0.2.1")])
            try await wait(for: "the write") { !bench.writes.isEmpty }
            #expect(bench.writes == ["PATCH a/status: \(Self.body(#"{"ip":"192.0.2.1"}"#))"])
        }
    }

    @Test func `What fails is tried again, what is gone is not, and neither holds up the rest`() async throws {
        let bench = try Bench()
        bench.answer { path in path.contains("gone") ? 404 : path.contains("bad") ? 409 : 200 }
        await bench.publisher.publish([.ip("192.0.2.1")])
        await bench.publisher.serve(Self.ours(["bad", "gone"] + (0..<40).map { "good-\($0)" }))
        try await bench.lead {
            func count(_ name: String) -> Int { bench.writes.filter { $0.contains(name) }.count }
            try await wait(for: "attempts") { count("bad") >= 3 && count("good") == 40 }
            #expect(count("gone") == 1)
            bench.answer { _ in 200 }
            let before = count("bad")
            try await wait(for: "success") { count("bad") > before }
            #expect(count("good") == 40 && count("gone") == 1)
        }
    }

    @Test func `When everything fails few are tried, until it works again`() async throws {
        let bench = try Bench()
        bench.answer { _ in 403 }
        await bench.publisher.publish([.ip("192.0.2.1")])
        await bench.publisher.serve(Self.ours((0..<200).map { "i-\($0)" }))
        try await bench.lead {
            try await wait(for: "attempts") { bench.writes.count >= 10 }
            #expect(bench.writes.count < 100)
            bench.answer { _ in 200 }
            try await wait(for: "all") {
                Set(bench.writes).count == 200 && (0..<200).allSatisfy { !bench.present[Self.key("i-\($0)")].isEmpty }
            }
        }
    }

    @Test(arguments: [
        (
            #"{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"},{"hostname":"a.example"}]}},"spec":{"clusterIP":"10.0.0.1"}}"#,
            "192.0.2.1 a.example"
        ),
        (#"{"status":{"loadBalancer":{}},"spec":{"type":"LoadBalancer","clusterIP":"10.0.0.1"}}"#, ""),
        (#"{"spec":{"type":"LoadBalancer","clusterIP":"10.0.0.1","externalIPs":["192.0.2.3"]}}"#, "192.0.2.3"),
        (#"{"spec":{"type":"ClusterIP","clusterIP":"10.0.0.1"}}"#, "10.0.0.1"),
        (#"{"spec":{"type":"ClusterIP","clusterIP":"None"}}"#, ""),
        (#"{"spec":{"type":"NodePort","clusterIP":"10.0.0.1"}}"#, ""),
        (#"{"spec":{"type":"ExternalName","externalName":"lb.example.com"}}"#, "lb.example.com"),
    ])
    func `A Service is found at its load balancer, its external addresses or its own`(_ service: String, _ addresses: String)
        throws
    {
        let node = try JSONParser.node(from: Array(service.utf8))
        #expect(LoadBalancerAddress.published(by: node).map(\.text).joined(separator: " ") == addresses)
    }

    @Test func `Of the status nothing but the addresses is read`() throws {
        let text =
            #"{"type":"MODIFIED","object":{"status":{"conditions":[{"type":"x"}],"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}}"#
        let object = try #require(try JSONParser.watchEvent(from: Array(text.utf8))["object"])
        #expect(LoadBalancerAddress.status(of: object) == [.ip("192.0.2.1")])
        #expect(object["status"]?["conditions"] == nil)
    }

    @Test func `An Ingress whose status alone changes is the same object`() throws {
        func ingress(_ status: String) throws -> KubernetesObject? {
            let text = """
                {"type":"MODIFIED","object":{"apiVersion":"networking.k8s.io/v1","kind":"Ingress",
                "metadata":{"name":"a","namespace":"b"},"spec":{"defaultBackend":{"service":{"name":"s","port":{"number":80}}}},
                "status":\(status)}}
                """
            guard let node = try JSONParser.watchEvent(from: Array(text.utf8))["object"],
                case .object(let object, _, _) = ObjectDecoder().decode(node)
            else { return nil }
            return object
        }
        let bare = try #require(try ingress("{}"))
        var store = ObjectStore([bare])
        let written = try #require(try ingress(#"{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}"#))
        #expect(store.upsert(written) == .none)
    }

    @Test func `Addresses on the command line are IP addresses or host names`() {
        #expect(LoadBalancerAddress(argument: "192.0.2.1") == .ip("192.0.2.1"))
        #expect(LoadBalancerAddress(argument: "2001:db8::1") == .ip("2001:db8::1"))
        #expect(LoadBalancerAddress(argument: "lb.example.com") == .hostname("lb.example.com"))
        for bad in ["", "192.0.2", "192.0.2.0/24", "a b", "http://x", "192.0.2.300"] {
            #expect(LoadBalancerAddress(argument: bad) == nil, "\(bad)")
        }
    }
}
