import Foundation
import Glibc
import Synchronization
import TestSupport

/// Plays an API server: lists in pages and watches, over HTTP/1.1, of objects whose bytes are made when they are put.
public final class ScriptedServer: Cluster, Sendable {
    private struct Stored {
        /// In the order in which they came; nil where one was deleted.
        var items: [(key: String, bytes: [UInt8])?] = []
        var places: [String: Int] = [:]
        var watchers: [SocketFile] = []
        /// The version and bytes of what happened since somebody may have listed.
        var events: [(version: Int, chunk: [UInt8])] = []
        /// Bytes of all pages that were sent.
        var sent = 0
        /// When somebody who had listed began to watch, and how many bytes the list had.
        var watched: (time: ContinuousClock.Instant, bytes: Int)?
    }

    private struct State {
        var resources: [String: Stored] = [:]
        var version = 1_000
        var hasListed = false
    }

    private let listener: SocketFile
    private let state = Mutex(State())
    private let directory: TemporaryDirectory
    public let kubeconfig: String

    public init() throws {
        let port: Int
        (listener, port) = try SocketFile.listener()
        directory = try TemporaryDirectory("benchmark")
        let text = """
            apiVersion: v1
            kind: Config
            clusters: [{name: scripted, cluster: {server: "http://127.0.0.1:\(port)"}}]
            contexts: [{name: scripted, context: {cluster: scripted, user: nobody}}]
            users: [{name: nobody, user: {}}]
            current-context: scripted

            """
        kubeconfig = try directory.write("kubeconfig", text).path
        Thread.detachNewThread { [self] in
            while true {
                let descriptor = accept(listener.descriptor, nil, nil)
                guard descriptor >= 0 else { return }
                let connection = SocketFile(descriptor: descriptor)
                connection.sendAtOnce()
                Thread.detachNewThread {
                    self.serve(connection)
                    connection.close()
                }
            }
        }
    }

    public func stop() {
        shutdown(listener.descriptor, Int32(SHUT_RDWR))
        listener.close()
        directory.remove()
    }

    /// When the last of the large lists had been taken, and how many bytes all of them have; nil before that.
    public var listed: (time: ContinuousClock.Instant, bytes: Int)? {
        state.withLock { state in
            let lists = ["ingresses", "services", "endpointslices"].compactMap { state.resources[$0]?.watched }
            guard lists.count == 3, let last = lists.map(\.time).max() else { return nil }
            return (last, lists.reduce(0) { $0 + $1.bytes })
        }
    }

    // MARK: - Changes

    public func put(_ object: ClusterObject) {
        state.withLock { state in
            state.version += 1
            let bytes = Array(object.stored(version: state.version, isItem: true).utf8)
            var stored = state.resources[object.resource.rawValue] ?? Stored()
            state.resources[object.resource.rawValue] = nil
            let place = stored.places[object.key]
            if let place {
                stored.items[place] = (object.key, bytes)
            } else {
                stored.places[object.key] = stored.items.count
                stored.items.append((object.key, bytes))
            }
            if state.hasListed {
                let text = object.stored(version: state.version, isItem: false)
                Self.tell(place == nil ? "ADDED" : "MODIFIED", text, version: state.version, to: &stored)
            }
            state.resources[object.resource.rawValue] = stored
        }
    }

    public func delete(_ object: ClusterObject) {
        state.withLock { state in
            state.version += 1
            guard let place = state.resources[object.resource.rawValue]?.places.removeValue(forKey: object.key) else { return }
            state.resources[object.resource.rawValue]?.items[place] = nil
            let text = object.stored(version: state.version, isItem: false)
            Self.tell("DELETED", text, version: state.version, to: &state.resources[object.resource.rawValue, default: Stored()])
        }
    }

    private static func tell(_ type: String, _ object: String, version: Int, to stored: inout Stored) {
        let event = "{\"type\":\"\(type)\",\"object\":\(object)}\n"
        let chunk = Array("\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n".utf8)
        stored.events.append((version, chunk))
        for watcher in stored.watchers { watcher.write(chunk) }
    }

    // MARK: - Requests

    private func serve(_ connection: SocketFile) {
        var pending: [UInt8] = []
        while let head = Self.head(connection, &pending) {
            let lines = head.split(separator: "\r\n")
            let words = lines.first?.split(separator: " ") ?? []
            guard words.count == 3 else { return }
            let length =
                lines.first { $0.lowercased().hasPrefix("content-length:") }
                .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
            while pending.count < length {
                guard let more = connection.read() else { return }
                pending += more
            }
            pending.removeFirst(length)
            if words[0] != "GET" {
                // No Lease and no Event can be written here, and none is needed.
                let refusal = #"{"kind":"Status","reason":"Forbidden","message":"this server is read only","code":403}"#
                guard connection.write(Self.answer(403, refusal)) else { return }
            } else if !get(String(words[1]), connection) {
                return
            }
        }
    }

    private static func head(_ connection: SocketFile, _ pending: inout [UInt8]) -> String? {
        while true {
            if let end = pending.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: pending[..<end.lowerBound], as: UTF8.self)
                pending.removeFirst(end.upperBound)
                return head
            }
            guard let more = connection.read() else { return nil }
            pending += more
        }
    }

    private static func answer(_ status: Int, _ body: String) -> [UInt8] {
        Array(
            "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    }

    /// - Returns: whether the connection goes on with a further request.
    private func get(_ target: String, _ connection: SocketFile) -> Bool {
        let components = URLComponents(string: target)
        let query = Dictionary(
            (components?.queryItems ?? []).map { ($0.name, $0.value ?? "") }, uniquingKeysWith: { first, _ in first })
        let path = (components?.path ?? "").split(separator: "/").map(String.init)
        if path == ["apis", "discovery.k8s.io"] {
            return connection.write(Self.answer(200, #"{"versions":[{"version":"v1"}]}"#))
        }
        let place = path.firstIndex { ClusterResource(rawValue: $0) != nil && $0 != "namespaces" }
        guard let place else {
            return connection.write(Self.answer(404, #"{"kind":"Status","reason":"NotFound","code":404}"#))
        }
        let namespace = place >= 2 && path[place - 2] == "namespaces" ? path[place - 1] : ""
        if path.count > place + 1 { return object(path[place], "\(namespace)/\(path[place + 1])", connection) }
        if query["watch"] != nil {
            watch(path[place], after: Int(query["resourceVersion"] ?? "") ?? 0, connection)
            return false
        }
        // Lists of one namespace are small here: those of ConfigMaps and Secrets.
        return list(
            path[place], in: namespace, from: Int(query["continue"] ?? "") ?? 0, limit: Int(query["limit"] ?? "") ?? .max,
            connection)
    }

    private func object(_ resource: String, _ key: String, _ connection: SocketFile) -> Bool {
        let bytes = state.withLock { state -> [UInt8]? in
            guard let stored = state.resources[resource], let place = stored.places[key] else { return nil }
            return stored.items[place]?.bytes
        }
        guard let bytes, let type = ClusterResource(rawValue: resource) else {
            return connection.write(Self.answer(404, #"{"kind":"Status","reason":"NotFound","code":404}"#))
        }
        let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
        return connection.write(Self.answer(200, #"{"kind":"\#(type.kind)","apiVersion":"\#(type.apiVersion)",\#(text)"#))
    }

    private func list(_ resource: String, in namespace: String, from first: Int, limit: Int, _ connection: SocketFile) -> Bool {
        let answer = state.withLock { state -> [UInt8] in
            state.hasListed = true
            let items = state.resources[resource]?.items ?? []
            let end = limit >= items.count - first ? items.count : first + limit
            let next = end < items.count ? ",\"continue\":\"\(end)\"" : ""
            let start =
                "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"\(state.version)\"\(next)},\"items\":["
            var body = Array(start.utf8)
            for case (let key, let bytes)? in items[min(first, end)..<end]
            where namespace.isEmpty || key.hasPrefix("\(namespace)/") {
                if body.count > start.utf8.count { body.append(UInt8(ascii: ",")) }
                body += bytes
            }
            body += "]}".utf8
            state.resources[resource, default: Stored()].sent += body.count
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
            return Array(head.utf8) + body
        }
        return connection.write(answer)
    }

    private func watch(_ resource: String, after version: Int, _ connection: SocketFile) {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        guard connection.write(head.utf8) else { return }
        state.withLock { state in
            var stored = state.resources[resource] ?? Stored()
            if stored.watched == nil { stored.watched = (.now, stored.sent) }
            for event in stored.events where event.version > version { connection.write(event.chunk) }
            stored.watchers.append(connection)
            state.resources[resource] = stored
        }
        while connection.read() != nil {}
        state.withLock { $0.resources[resource]?.watchers.removeAll { $0.descriptor == connection.descriptor } }
    }
}
