import TestSupport
import Testing

@testable import Core

/// After any sequence of changes the live assembly is what assembling the same objects from nothing gives.
@Suite struct AssemblerModelTests {
    private static let now = 1_800_000_000

    @Test(arguments: 0..<14)
    func `Random changes lead to what assembling from nothing gives`(_ round: Int) throws {
        var random = SeededGenerator()
        for _ in 0..<round { _ = random.next() }
        let world = try RandomWorld(hostOwnership: round % 4 == 3 ? .shared : .namespace)
        var events: [[RandomWorld.Event]] = []
        let model = try Model(world)
        for _ in 0..<1500 {
            let step = (0..<random.pick([1, 1, 1, 2, 5])).map { _ in
                world.event(model.live.store, random: &random)
            }
            events.append(step)
            guard let problem = model.take(step) else { continue }
            let (shortest, told) = try Self.shrink(events, world)
            Issue.record("TEST_SEED=\(random.seed) round \(round) step \(events.count): \(problem)")
            Issue.record("shrunk to \(shortest.count) steps: \(told)\n\(shortest.map { "\($0)" }.joined(separator: "\n"))")
            return
        }
    }

    /// Leaves out what is not needed for the failure.
    private static func shrink(
        _ events: [[RandomWorld.Event]], _ world: RandomWorld
    ) throws -> (events: [[RandomWorld.Event]], problem: String) {
        func problem(_ events: [[RandomWorld.Event]]) throws -> String? {
            let model = try Model(world)
            for (index, step) in events.enumerated() {
                if let problem = model.take(step, compares: index > events.count - 3) { return problem }
            }
            return nil
        }
        var (shortest, told) = (events, try problem(events) ?? "")
        var size = events.count / 2
        while size > 0 {
            var start = 0
            while start < shortest.count {
                var candidate = shortest
                candidate.removeSubrange(start..<min(start + size, candidate.count))
                if let still = try problem(candidate) { (shortest, told) = (candidate, still) } else { start += size }
            }
            size /= 2
        }
        return (shortest, told)
    }

    /// The live assembly, and a copy of its state that only the changes keep up to date.
    private final class Model {
        let engine: Engine
        let live: Assembler
        private var copy = DesiredState()
        private var findings: Set<Finding> = []
        private var running: RunningState?
        private var changed = ChangedParts.everything
        private var goodForms: [ObjectKey: Set<[UInt8]>] = [:]

        init(_ world: RandomWorld) throws {
            engine = Engine(registry: try AnnotationRegistry(TestHandlers.all), options: world.options)
            live = Assembler(engine)
            _ = take([])
        }

        /// - Returns: what is wrong.
        func take(_ events: [RandomWorld.Event], compares: Bool = true) -> String? {
            for event in events {
                remember(event)
                switch event {
                case .put(let object): live.upsert(object)
                case .remove(let key): live.remove(key)
                case .refuse(let object, let key, let value): live.refuse(object, key: key, value: value, reason: "no")
                case .lift(let object, let key, let value): live.lift(object, key: key, value: value)
                }
            }
            let update = live.update(now: AssemblerModelTests.now)
            changed.formUnion(copy.apply(update.state))
            findings.subtract(update.goneFindings)
            findings.formUnion(update.newFindings)
            return compares ? difference() : nil
        }

        private func difference() -> String? {
            // What Secrets held before they broke is all that is not in the objects.
            let expected = engine.assemble(
                live.store, refusals: live.refusals, now: AssemblerModelTests.now, remembering: live.objects.certificates)
            let actual = live.assembly
            func text(_ state: DesiredState) -> String { RenderedConfiguration(state.sections, withOrigins: true).text }
            if text(actual.state) != text(expected.state) {
                return "haproxy.cfg:\n\(Self.lines(text(actual.state), text(expected.state)))"
            }
            if actual.state.maps != expected.state.maps { return "maps: \(actual.state.maps) instead of \(expected.state.maps)" }
            if actual.state != expected.state { return "files or certificates" }
            if copy != actual.state { return "the changes lead elsewhere: \(Self.lines(text(copy), text(actual.state)))" }
            if actual.findings != expected.findings {
                let (wrong, missing) = (
                    Set(actual.findings).subtracting(expected.findings), Set(expected.findings).subtracting(actual.findings)
                )
                return "findings too many: \(wrong)\nmissing: \(missing)"
            }
            if findings != Set(actual.findings) { return "findings that were told: \(findings) instead of \(actual.findings)" }
            if actual.routes != expected.routes { return "routes: \(actual.routes) instead of \(expected.routes)" }
            if actual.valuesInForce != expected.valuesInForce { return "values in force" }
            return wrongShortcut(actual.state.maps) ?? wrongOwner(actual) ?? wrongCertificate(actual) ?? differenceOfRunning()
        }

        /// A host that needs no look-up of its path must have one path, all of it.
        private func wrongShortcut(_ maps: [String: MapFile]) -> String? {
            let prefixes = maps["path-prefix"]?.entries ?? [:]
            let keys = Array(prefixes.keys) + Array((maps["path-exact"]?.entries ?? [:]).keys)
            let paths = Dictionary(grouping: keys) { String($0.prefix { $0 != "/" }) }
            for (host, value) in maps["host-route"]?.entries ?? [:] {
                if paths[host] != ["\(host)/"] || prefixes["\(host)/"] != value { return "host-route of \(host): \(value)" }
            }
            return nil
        }

        /// The namespace of the oldest Ingress with a rule for a host decides about all of it, and each place is one namespace's.
        private func wrongOwner(_ assembly: AssemblyReport) -> String? {
            guard engine.options.hostOwnership == .namespace else { return nil }
            let ours = live.ingresses.compactMap { live.store.ingresses[$0] }.sorted { a, b in
                let (x, y) = (a.metadata, b.metadata)
                return (x.creationTimestamp ?? "~", x.namespace, x.name) < (y.creationTimestamp ?? "~", y.namespace, y.name)
            }
            var owners: [String: String] = [:]
            for ingress in ours {
                for host in ingress.rules.compactMap(\.host) where owners[host] == nil {
                    owners[host] = ingress.metadata.namespace
                }
            }
            func owner(_ host: String) -> String? { owners[host] ?? owners["*" + host.drop { $0 != "." }] }
            for route in assembly.routes where route.ingress?.namespace != owners[route.host] && !route.host.isEmpty {
                if route.isPassthrough || route.pathType == nil {
                    return "\(route) is not the owner's, \(owners[route.host] ?? "")"
                }
            }
            let places = Dictionary(grouping: assembly.routes.filter { !$0.isPassthrough && $0.ingress != nil }) { route in
                route.pathType == .exact || route.host.isEmpty && route.pathType == nil
                    ? [route.host, route.path, route.pathType?.rawValue ?? "default"]
                    : [route.host, route.path.hasSuffix("/") ? route.path : route.path + "/"]
            }
            for (place, routes) in places where Set(routes.compactMap(\.ingress?.namespace)).count > 1 {
                return "several namespaces are at \(place): \(routes)"
            }
            for (path, hosts) in assembly.state.certificateList.entries where path.hasPrefix("certs/frontend/") {
                let namespace = String(path.dropFirst("certs/frontend/".count).prefix { $0 != "_" })
                for host in hosts where !host.hasPrefix("!") && owner(host).map({ $0 != namespace }) ?? false {
                    return "\(path) is shown for \(host)"
                }
            }
            return nil
        }

        /// A certificate is that of its Secret. Where that is broken it is one that was in force since the Secret was made: forms that
        /// came and went within one update, or while nobody showed the certificate, were not.
        private func wrongCertificate(_ assembly: AssemblyReport) -> String? {
            for (path, file) in assembly.state.files where path.hasPrefix("certs/frontend/") {
                let name = path.dropFirst("certs/frontend/".count).dropLast(".pem".count).split(separator: "_").map(String.init)
                let key = ObjectKey(.secret, namespace: name[0], name: name[1])
                let present = live.store.secrets[key].flatMap { try? CertificateBundle(secret: $0) }?.pem
                let isRight = present.map { $0 == file.content } ?? goodForms[key]?.contains(file.content) == true
                if !isRight { return "\(path) is no good certificate of \(key)" }
            }
            return nil
        }

        private func remember(_ event: RandomWorld.Event) {
            switch event {
            case .put(.secret(let secret)):
                let key = KubernetesObject.secret(secret).key
                if let bundle = try? CertificateBundle(secret: secret) { goodForms[key, default: []].insert(bundle.pem) }
            case .remove(let key): goodForms[key] = nil
            case .put, .refuse, .lift: break
            }
        }

        /// Comparing the parts that changed must find what comparing everything finds.
        private func differenceOfRunning() -> String? {
            guard var running else {
                self.running = RunningState(loaded: copy)
                changed = ChangedParts()
                return nil
            }
            let (all, some) = (running.difference(to: copy), running.difference(to: copy, in: changed))
            defer { self.running = running }
            switch (all, some) {
            case (.none, .none): changed = ChangedParts()
            case (.runtime(let a), .runtime(let b)):
                if Set(a) != Set(b) { return "runtime updates: \(b) instead of \(a)" }
                for update in b { running.apply(update) }
                for pending in running.pendingRemovals {
                    running.removalFinished(backend: pending.backend, server: pending.server)
                }
                changed = ChangedParts()
            case (.reload(let a), .reload(let b)):
                if Set(a.map(\.description)) != Set(b.map(\.description)) { return "reload reasons: \(b) instead of \(a)" }
                running = RunningState(loaded: copy)
                changed = ChangedParts()
            default: return "the difference is \(some) instead of \(all)"
            }
            return nil
        }

        private static func lines(_ actual: String, _ expected: String) -> String {
            let (a, b) = (actual.split(separator: "\n"), expected.split(separator: "\n"))
            return b.difference(from: a).map { change in
                switch change {
                case .insert(_, let line, _): "missing: \(line)"
                case .remove(_, let line, _): "too much: \(line)"
                }
            }.joined(separator: "\n")
        }
    }
}
