import Core

/// What others do to HAProxy behind the controller's back, or HAProxy forgets, is found by comparison and mended.
extension Applier {
    /// How long after a load HAProxy is compared for the first time.
    private static let settlingTime = Duration.seconds(1)
    /// How many certificates are asked for at once.
    private static let portion = 200

    /// What is compared at once; changes need not wait for more.
    private enum Part {
        case backends, servers, certificateList, settings
        case map(String)
        case files([String], ConfigurationFile.Kind)

        /// Tells the parts apart.
        var name: String {
            switch self {
            case .backends: "backends"
            case .servers: "servers"
            case .certificateList: "certificate list"
            case .settings: "settings"
            case .map(let name): "map \(name)"
            // Files move between portions as others come and go.
            case .files(let paths, let kind): "\(kind) \(paths.first ?? "")"
            }
        }
    }

    /// HAProxy has loaded its files.
    func scheduleComparison() { scheduleComparison(after: min(Self.settlingTime, comparisonPeriod)) }

    private func scheduleComparison(after wait: Duration) {
        guard comparisonPeriod > .zero else { return }
        // One that is under way is followed by another after the period.
        guard !isComparing else { return }
        comparison?.cancel()
        comparison = Task { [weak self] in
            try? await Task.sleep(for: wait)
            if !Task.isCancelled { await self?.comparePeriodically() }
        }
    }

    private func comparePeriodically() async {
        isComparing = true
        var found = false
        for part in await inTurn({ self.parts }) {
            do {
                found = try await inTurn { try await self.compare(part) } || found
            } catch {
                logger.debug("HAProxy cannot be compared with what it was given", metadata: ["error": "\(error)"])
            }
        }
        isComparing = false
        scheduleComparison(after: comparisonPeriod)
        if found { driftReports.yield() }
    }

    private func inTurn<Result: Sendable>(_ work: () async throws -> Result) async rethrows -> Result {
        await begin()
        defer { end() }
        return try await work()
    }

    /// Compares everything at once, for an update that HAProxy may have made in part.
    func compareAll() async throws {
        for part in parts { _ = try await compare(part) }
    }

    /// Compares the servers, of which HAProxy may have been given some.
    func compareServers() async throws { _ = try await compare(.servers) }

    private var parts: [Part] {
        guard let running else { return [] }
        var parts =
            (running.createsBackends ? [Part.backends] : []) + [Part.servers, .settings, .certificateList]
            + running.mapNames.map(Part.map)
        for kind in [ConfigurationFile.Kind.certificate, .clientAuthority, .clientRevocations] {
            let paths = running.replaceableFiles(kind)
            for start in stride(from: 0, to: paths.count, by: Self.portion) {
                parts.append(.files(Array(paths[start..<min(start + Self.portion, paths.count)]), kind))
            }
        }
        return parts
    }

    /// - Returns: whether something differs.
    private func compare(_ part: Part) async throws -> Bool {
        // One that was started again is not known yet.
        guard running != nil, loadedByRestart == nil, let observation = try await observe(part),
            let drift = running?.correct(observation, tolerating: repairHistory.hopeless(part.name))
        else { return false }
        let (stubborn, given) = repairHistory.note(drift.differences, left: drift.left, in: part.name)
        for difference in given.sorted().prefix(10) {
            logger.warning(
                "HAProxy is not what it was given, also after a repair and a reload; that is left as it is",
                metadata: ["difference": "\(difference)"])
        }
        guard !drift.isEmpty else { return false }
        for difference in drift.differences.prefix(10) {
            logger.warning("HAProxy is not what it was given, which is mended", metadata: ["difference": "\(difference)"])
        }
        metrics.countDifferences(drift.differences.count)
        repairs += drift.updates
        changed.formUnion(drift.parts)
        if let difference = stubborn.min() {
            unfinished =
                unfinished ?? ReloadReason(.drift, "HAProxy is not what it was given, also after a repair: \(difference)")
        }
        return true
    }

    private func observe(_ part: Part) async throws -> Observation? {
        let socket = updater.socket
        switch part {
        case .backends: return .backends(try await socket.showBackends())
        case .servers:
            let states = try await socket.showServersState()
            return .servers(Dictionary(grouping: states, by: \.backend).mapValues { $0.map { ObservedServer($0) } })
        case .map(let name): return .map(name: name, lines: try await socket.showMapLines(MapFile.path(name)))
        case .certificateList:
            let entries = try await socket.showCrtList(CertificateList.path)
            return .certificateList(entries.map { ($0.certificate, $0.filters) })
        case .files(let paths, let kind):
            switch kind {
            case .certificate: return .files(try await socket.showCertificateFingerprints(paths))
            case .clientRevocations: return .files(try await socket.showRevocationLists(paths))
            default: return .files(try await socket.showAuthorityFingerprints(paths))
            }
        case .settings:
            let whole =
                try await socket.showInfo()["Maxconn"].flatMap { Int($0) }.map { [RuntimeSetting.globalMaxconn($0)] } ?? []
            guard running?.limitsFrontends == true else { return .settings(whole) }
            return .settings(
                whole + (try await socket.showFrontendLimits()).map { .frontendMaxconn(frontend: $0.key, $0.value) })
        }
    }
}

extension ObservedServer {
    init(_ state: ServerState) {
        self.init(
            name: state.name, address: state.address, port: state.port, weight: state.weight,
            isInMaintenance: state.administrativeState & 0x01 != 0, isDraining: state.administrativeState & 0x08 != 0,
            hasPausedChecks: state.checkState & 0x06 == 0x02, followsName: state.fqdn != nil,
            followsAgent: state.agentState & 0x02 != 0)
    }
}
