import Core
import Foundation
import Synchronization
import Testing

@testable import Controller

/// A watch against recorded byte streams.
@Suite struct ResourceWatchTests {
    private static func namespace(_ name: String, version: Int) -> String {
        #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"\#(name)","resourceVersion":"\#(version)"}}"#
    }

    private static func event(_ type: String, _ object: String) -> String { #"{"type":"\#(type)","object":\#(object)}"# + "\n" }

    private static func list(_ names: [(String, Int)], version: Int, next: String = "") -> [ScriptedAPI.Step] {
        let items = names.map { #"{"metadata":{"name":"\#($0.0)","resourceVersion":"\#($0.1)"}}"# }.joined(separator: ",")
        return ScriptedAPI.json(
            #"{"kind":"NamespaceList","apiVersion":"v1","metadata":{"resourceVersion":"\#(version)","continue":"\#(next)"},"items":[\#(items)]}"#
        )
    }

    /// What a watch tells, as short texts: `= a b` for a list, `+ a`, `- a`, `! a` for refused ones, `failed`, `recovered`.
    private static func follow(
        _ api: ScriptedAPI, until last: String, times: WatchTimes? = nil
    ) async throws -> [String] {
        let access = ClusterAccess(
            cluster: Kubeconfig.Cluster(server: api.url), user: Kubeconfig.User(), namespace: nil, source: "test")
        var quick = WatchTimes()
        quick.firstRetry = .milliseconds(5)
        quick.lastRetry = .milliseconds(20)
        let watch = ResourceWatch(api: KubernetesAPI(access), resource: .namespaces, times: times ?? quick)
        let (stream, continuation) = AsyncStream<String>.makeStream()
        let task = Task {
            await watch.run { event in
                switch event {
                case .listed(let objects, let refused):
                    continuation.yield(
                        "= " + (objects.map(\.object.key.name) + refused.map { "!\($0.key?.name ?? "?")" }).joined(separator: " ")
                    )
                case .changed(let versioned): continuation.yield("+ \(versioned.object.key.name)")
                case .deleted(let key): continuation.yield("- \(key.name)")
                case .refused(let refused): continuation.yield("! \(refused.key?.name ?? "?")")
                case .failed(let error): continuation.yield("failed: \(error)")
                case .recovered: continuation.yield("recovered")
                }
            }
        }
        let limit = Task {
            try await Task.sleep(for: .seconds(20))
            continuation.yield("too late")
        }
        defer {
            task.cancel()
            limit.cancel()
        }
        var told: [String] = []
        for await text in stream {
            told.append(text)
            if text.hasPrefix(last) || text == "too late" { break }
        }
        return told
    }

    /// The answer to the first list, and to watches from version 1; what comes later hangs.
    private static func scripted(_ steps: [ScriptedAPI.Step]) throws -> ScriptedAPI {
        try ScriptedAPI { request in
            if request.query["watch"] == nil { return list([("old", 1)], version: 1) }
            return request.query["resourceVersion"] == "1" ? [ScriptedAPI.head()] + steps : [ScriptedAPI.head(), .hang]
        }
    }

    @Test func `Pages of a list are put together, and the watch goes on from its version`() async throws {
        let api = try ScriptedAPI { request in
            if request.query["watch"] == "1" {
                return [ScriptedAPI.head(), .send(Self.event("ADDED", Self.namespace("c", version: 8))), .hang]
            }
            return request.query["continue"] == "next"
                ? Self.list([("b", 3)], version: 7) : Self.list([("a", 2)], version: 7, next: "next")
        }
        defer { api.stop() }
        #expect(try await Self.follow(api, until: "+ c") == ["= a b", "+ c"])
        let watch = try #require(api.requests.last)
        #expect(watch.query["resourceVersion"] == "7" && watch.query["allowWatchBookmarks"] == "true")
        #expect(api.requests.first?.query["limit"] == "500")
    }

    @Test func `Events are whole wherever the stream is cut, in the middle of a character too`() async throws {
        let text =
            Self.event(
                "ADDED",
                Self.namespace("a", version: 2).replacingOccurrences(of: #""name""#, with: #""annotations":{"x":"é€😀"},"name""#))
            + Self.event("MODIFIED", Self.namespace("b", version: 3)) + Self.event("DELETED", Self.namespace("a", version: 4))
        let api = try Self.scripted(Array(text.utf8).flatMap { [.bytes([$0]), .pause(.microseconds(50))] } + [.hang])
        defer { api.stop() }
        #expect(try await Self.follow(api, until: "- a") == ["= old", "+ a", "+ b", "- a"])
    }

    @Test func `Many events may come in one piece, with bookmarks between them`() async throws {
        let names = (2..<202).map { "n\($0)" }
        let text = names.enumerated().map { index, name in
            Self.event("ADDED", Self.namespace(name, version: index + 2))
                + Self.event("BOOKMARK", Self.namespace("", version: index + 2))
        }.joined()
        let api = try Self.scripted([.send(text), .hang])
        defer { api.stop() }
        #expect(try await Self.follow(api, until: "+ n201") == ["= old"] + names.map { "+ \($0)" })
    }

    @Test func `A watch that ends is resumed from the last version, a bookmark's too`() async throws {
        let api = try ScriptedAPI { request in
            guard request.query["watch"] != nil else { return Self.list([("old", 1)], version: 1) }
            switch request.query["resourceVersion"] {
            case "1": return [ScriptedAPI.head(), .send(Self.event("ADDED", Self.namespace("a", version: 5)))]
            case "5": return [ScriptedAPI.head(), .send(Self.event("BOOKMARK", Self.namespace("", version: 9)))]
            case "9": return [ScriptedAPI.head(), .send(Self.event("ADDED", Self.namespace("b", version: 10))), .hang]
            default: return ScriptedAPI.json("{}", status: 400)
            }
        }
        defer { api.stop() }
        #expect(try await Self.follow(api, until: "+ b") == ["= old", "+ a", "+ b"])
    }

    @Test(arguments: ["ERROR event", "410 answer"])
    func `An expired version leads to a new list, in which what is gone is missing`(_ how: String) async throws {
        let lists = Mutex(0)
        let api = try ScriptedAPI { request in
            if request.query["watch"] == nil {
                return lists.withLock { count in
                    count += 1
                    return count == 1 ? Self.list([("old", 1)], version: 1) : Self.list([("new", 20)], version: 20)
                }
            }
            guard request.query["resourceVersion"] == "1" else { return [ScriptedAPI.head(), .hang] }
            let status =
                #"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old","reason":"Expired","code":410}"#
            return how == "ERROR event"
                ? [ScriptedAPI.head(), .send(Self.event("ERROR", status)), .hang] : ScriptedAPI.json(status, status: 410)
        }
        defer { api.stop() }
        #expect(try await Self.follow(api, until: "= new") == ["= old", "= new"])
    }

    @Test func `An expired page begins the list anew`() async throws {
        let first = Mutex(true)
        let api = try ScriptedAPI { request in
            if request.query["watch"] != nil { return [ScriptedAPI.head(), .hang] }
            if request.query["continue"] != nil {
                return ScriptedAPI.json(#"{"kind":"Status","reason":"Expired","code":410}"#, status: 410)
            }
            return first.withLock { isFirst in
                defer { isFirst = false }
                return isFirst ? Self.list([("a", 1)], version: 1, next: "more") : Self.list([("a", 1), ("b", 1)], version: 2)
            }
        }
        defer { api.stop() }
        #expect(try await Self.follow(api, until: "= a b") == ["= a b"])
    }

    @Test func `A connection that is reset in the middle of an event is resumed, and the event comes whole`() async throws {
        let event = Self.event("ADDED", Self.namespace("a", version: 2))
        let tries = Mutex(0)
        let api = try ScriptedAPI { request in
            if request.query["watch"] == nil { return Self.list([], version: 1) }
            let number = tries.withLock { count in
                count += 1
                return count
            }
            return number == 1
                ? [ScriptedAPI.head(), .send(String(event.prefix(40))), .pause(.milliseconds(20)), .reset]
                : [ScriptedAPI.head(), .send(event), .hang]
        }
        defer { api.stop() }
        let told = try await Self.follow(api, until: "+ a")
        #expect(told.first == "= " && told.last == "+ a")
        #expect(told.filter { $0.hasPrefix("failed") }.count == 1 && told.contains("recovered"), "\(told)")
    }

    @Test func `A server that says nothing for too long is asked anew, and one that trickles is not`() async throws {
        var times = WatchTimes()
        times.silence = .milliseconds(400)
        times.firstRetry = .milliseconds(5)
        let event = Array(Self.event("ADDED", Self.namespace("slow", version: 2)).utf8)
        let silent = Mutex(true)
        let api = try ScriptedAPI { request in
            if request.query["watch"] == nil { return Self.list([], version: 1) }
            let isSilent = silent.withLock { isSilent in
                defer { isSilent = false }
                return isSilent
            }
            // A byte each 20 ms is 1.7 s for the event: longer than the silence that is put up with.
            return [ScriptedAPI.head()]
                + (isSilent ? [.hang] : event.flatMap { [.bytes([$0]), .pause(.milliseconds(20))] } + [.hang])
        }
        defer { api.stop() }
        let told = try await Self.follow(api, until: "+ slow", times: times)
        // There may be no news: that is no failure.
        #expect(told == ["= ", "+ slow"] && !silent.withLock { $0 })
    }

    @Test func `A version that expires as soon as it is listed is a failure, which is waited after`() async throws {
        let api = try ScriptedAPI { request in
            guard request.query["watch"] != nil else { return Self.list([], version: 1) }
            return ScriptedAPI.json(#"{"kind":"Status","message":"too old","reason":"Expired","code":410}"#, status: 410)
        }
        defer { api.stop() }
        let told = try await Self.follow(api, until: "failed")
        #expect(told.prefix(2) == ["= ", "= "] && told.last?.contains("too old") == true, "\(told)")
    }

    @Test func `Errors carry the URL, the status and the API's own words, and are tried again`() async throws {
        let first = Mutex(true)
        let api = try ScriptedAPI { request in
            if request.query["watch"] != nil { return [ScriptedAPI.head(), .hang] }
            return first.withLock { isFirst in
                defer { isFirst = false }
                return isFirst
                    ? ScriptedAPI.json(
                        #"{"kind":"Status","message":"namespaces is forbidden: User \"x\" cannot list","reason":"Forbidden","code":403}"#,
                        status: 403) : Self.list([("a", 1)], version: 1)
            }
        }
        defer { api.stop() }
        let told = try await Self.follow(api, until: "recovered")
        #expect(
            told == [
                #"failed: GET \#(api.url)/api/v1/namespaces?limit=500: 403: namespaces is forbidden: User "x" cannot list"#,
                "= a",
                "recovered",
            ])
    }

    @Test func `An object that cannot be used is told with its name, in lists and in events`() async throws {
        let broken = #"{"metadata":{"name":"Not A Name","resourceVersion":"2"}}"#
        let api = try ScriptedAPI { request in
            if request.query["watch"] == nil {
                return ScriptedAPI.json(#"{"metadata":{"resourceVersion":"1"},"items":[\#(broken),{"metadata":{"name":"a"}}]}"#)
            }
            guard request.query["resourceVersion"] == "1" else { return [ScriptedAPI.head(), .hang] }
            return [
                ScriptedAPI.head(), .send(Self.event("ADDED", broken.replacingOccurrences(of: "Not A Name", with: "B"))),
                .send(Self.event("ADDED", Self.namespace("c", version: 3))), .hang,
            ]
        }
        defer { api.stop() }
        #expect(try await Self.follow(api, until: "+ c") == ["= a !Not A Name", "! B", "+ c"])
    }
}
