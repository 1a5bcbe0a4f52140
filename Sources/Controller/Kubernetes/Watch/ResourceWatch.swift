import Core
import Foundation
import Logging

/// Follows the objects of one resource: lists them once, then watches from there, for as long as the task lives.
///
/// Kubernetes documentation, "Kubernetes API Concepts", section "Efficient detection of changes".
struct ResourceWatch: Sendable {
    /// What there is to tell.
    enum Event: Sendable {
        /// The list is complete: objects that are in neither part are gone.
        case listed([Versioned], refused: [Refused])
        case changed(Versioned)
        case deleted(ObjectKey)
        case refused(Refused)
        /// Nothing is heard from the server; what is known stays in force, and it is tried again.
        case failed(APIError)
        /// After `failed`: the server is heard again.
        case recovered
    }

    /// An object, and which of its versions it is.
    struct Versioned: Sendable {
        var object: KubernetesObject
        var version: String
        /// Where an Ingress's status says that clients find it, or where clients find a Service; see ``readsAddresses``.
        var addresses: [LoadBalancerAddress] = []
        /// What is wrong with the parts of it that are left out.
        var findings: [Finding] = []
    }

    /// An object that cannot be used; what was known of it stays in force. The key is nil when the object has no readable name.
    struct Refused: Sendable {
        var key: ObjectKey?
        var findings: [Finding]
    }

    let api: KubernetesAPI
    let resource: APIResource
    /// nil for all namespaces.
    var namespace: String?
    /// Such as `metadata.name=haproxy-configmap`.
    var fieldSelector: String?
    var times = WatchTimes()
    /// Whether the addresses of Ingresses or Services are wanted, which are no part of these objects.
    var readsAddresses = false
    var logger: Logger?

    /// Works until the task is cancelled.
    func run(_ report: (Event) async -> Void) async {
        var failures = 0
        var version: String?
        var hasExpired = false
        var lastExpiry: ContinuousClock.Instant?
        var wasSilent = false
        while !Task.isCancelled {
            do {
                if let known = version {
                    (version, wasSilent) = try await watch(from: known, afterSilence: wasSilent, failures: &failures, report)
                    hasExpired = false
                } else {
                    version = try await list(report)
                    // What was listed and then called expired before has to be watched first.
                    if failures > 0, !hasExpired {
                        await report(.recovered)
                        failures = 0
                    }
                }
            } catch is CancellationError {
                return
            } catch {
                let error = error as? APIError ?? .unreadable(url: resource.path(namespace: namespace), reason: "\(error)")
                if error.isExpired {
                    version = nil
                    // What expires again and again is no matter of a version that got old.
                    let now = ContinuousClock.now
                    if !hasExpired || lastExpiry.map({ now - $0 > .seconds(5) }) ?? true {
                        hasExpired = true
                        lastExpiry = now
                        logger?.info("listing \(resource.qualifiedName) anew, whose last version has expired: \(error)")
                        continue
                    }
                }
                failures += 1
                await report(.failed(error))
                let wait = max(times.retry(failures: failures), error.retryAfter ?? .zero)
                try? await Task.sleep(for: wait)
            }
        }
    }

    // MARK: - Listing

    /// - Returns: the version that the list is of.
    private func list(_ report: (Event) async -> Void) async throws -> String {
        var objects: [Versioned] = []
        var token = ""
        var version = ""
        var refused: [Refused] = []
        repeat {
            let page = try await page(after: token)
            objects += page.objects
            refused += page.refused
            token = page.next
            version = page.version
        } while !token.isEmpty
        await report(.listed(objects, refused: refused))
        return version
    }

    private struct Page {
        var objects: [Versioned] = []
        var refused: [Refused] = []
        var version = ""
        var next = ""
    }

    private func page(after token: String) async throws -> Page {
        let path = resource.path(namespace: namespace)
        let limit = String(times.pageSize)
        let bytes: [UInt8]
        switch (fieldSelector, token) {
        case (nil, ""): bytes = try await api.get(path, query: ["limit": limit])
        case (nil, _): bytes = try await api.get(path, query: ["limit": limit, "continue": token])
        case (let selector?, ""): bytes = try await api.get(path, query: ["limit": limit, "fieldSelector": selector])
        case (let selector?, _):
            bytes = try await api.get(path, query: ["limit": limit, "continue": token, "fieldSelector": selector])
        }
        var page = Page()
        let list: Node
        do {
            list = try JSONParser.list(from: bytes) { item in
                switch decoded(item) {
                case .object(let versioned): page.objects.append(versioned)
                case .refused(let refused): page.refused.append(refused)
                case .unread: break
                }
            }
        } catch {
            throw APIError.unreadable(url: path, reason: error.description)
        }
        page.version = list["metadata"]?["resourceVersion"]?.string ?? ""
        page.next = list["metadata"]?["continue"]?.string ?? ""
        return page
    }

    // MARK: - Watching

    /// - Returns: the version that the watch ended at, when the server ended it in order or was silent for too long. A server
    ///   without news may be: bookmarks are a promise of newer releases only.
    /// - Throws: ``APIError`` with `isExpired` when the objects have to be listed again.
    private func watch(
        from start: String, afterSilence: Bool, failures: inout Int, _ report: (Event) async -> Void
    ) async throws -> (version: String, wasSilent: Bool) {
        var version = start
        let lifetime = String(Int.random(in: times.lifetime))
        let path = resource.path(namespace: namespace)
        let query: KeyValuePairs<String, String> =
            if let fieldSelector {
                [
                    "watch": "1", "allowWatchBookmarks": "true", "resourceVersion": version, "timeoutSeconds": lifetime,
                    "fieldSelector": fieldSelector,
                ]
            } else {
                ["watch": "1", "allowWatchBookmarks": "true", "resourceVersion": version, "timeoutSeconds": lifetime]
            }
        let chunks = try await api.watch(path, query: query, silence: times.silence, needsNewConnection: afterSilence)
        if failures > 0 { await report(.recovered) }
        failures = 0
        let begun = ContinuousClock.now
        var splitter = LineSplitter()
        do {
            for try await chunk in chunks {
                for line in splitter.lines(adding: chunk) {
                    guard let event = try? JSONParser.watchEvent(from: line) else {
                        throw APIError.unreadable(url: path, reason: "holds an event that is not JSON")
                    }
                    if let new = try await handle(event, path: path, report) { version = new }
                }
            }
        } catch let failure as HTTPClient.Failure where failure.isSilence {
            return (version, true)
        } catch let failure as HTTPClient.Failure {
            // A connection that broke, or went silent, is resumed where it was.
            guard version != start else { throw APIError.unreachable(failure) }
        }
        if version == start, ContinuousClock.now - begun < .seconds(1) {
            throw APIError.unreadable(url: path, reason: "ended before it said anything")
        }
        return (version, false)
    }

    /// - Returns: the version that the event brings.
    private func handle(_ event: Node, path: String, _ report: (Event) async -> Void) async throws -> String? {
        guard let type = event["type"]?.string, let object = event["object"] else {
            throw APIError.unreadable(url: path, reason: "holds an event without type and object")
        }
        let version = object["metadata"]?["resourceVersion"]?.string
        switch type {
        case "BOOKMARK": break
        case "ERROR":
            throw APIError.refused(
                APIError.Refusal(
                    method: "GET", url: path, status: object["code"]?.wholeNumber ?? 0, message: object["message"]?.string ?? "",
                    reason: object["reason"]?.string ?? "", retryAfter: nil))
        case "DELETED":
            switch decoded(object) {
            case .object(let versioned): await report(.deleted(versioned.object.key))
            case .refused(let refused): if let key = refused.key { await report(.deleted(key)) }
            case .unread: break
            }
        case "ADDED", "MODIFIED":
            switch decoded(object) {
            case .object(let versioned): await report(.changed(versioned))
            case .refused(let refused): await report(.refused(refused))
            case .unread: break
            }
        default: break
        }
        return version
    }

    // MARK: - Objects

    private enum Decoded {
        case object(Versioned)
        case refused(Refused)
        case unread
    }

    /// Items of lists do not say of what kind they are.
    private func decoded(_ node: Node) -> Decoded {
        switch ObjectDecoder().decode(node, as: resource.kind, apiVersion: resource.apiVersion) {
        case .object(let object, _, let parts):
            .object(
                Versioned(
                    object: object, version: node["metadata"]?["resourceVersion"]?.string ?? "", addresses: addresses(of: node),
                    findings: parts.findings.map(\.withoutLocation)))
        case .refused(let key, let findings): .refused(Refused(key: key, findings: findings.map(\.withoutLocation)))
        case .list, .skipped: .unread
        }
    }

    private func addresses(of node: Node) -> [LoadBalancerAddress] {
        guard readsAddresses else { return [] }
        return resource.kind == .service ? LoadBalancerAddress.published(by: node) : LoadBalancerAddress.status(of: node)
    }
}

extension Finding {
    /// Lines and columns of an answer of the API mean nothing to anybody.
    var withoutLocation: Finding {
        var finding = self
        finding.location = nil
        return finding
    }
}
