extension RunningState {
    /// Takes in what HAProxy says that it has, so that the next difference mends what is not as it should be.
    ///
    /// - Parameter tolerated: differences that are left as they are, as ``Drift/differences`` has them.
    /// - Returns: where HAProxy was not what it was taken for.
    public mutating func correct(_ observation: Observation, tolerating tolerated: Set<String> = []) -> Drift {
        var drift = Drift(tolerated: tolerated)
        switch observation {
        case .backends(let observed): correct(backends: observed, &drift)
        case .servers(let observed): correct(servers: observed, &drift)
        case .map(let name, let lines): correct(map: name, lines: lines, &drift)
        case .certificateList(let entries): correct(list: entries, &drift)
        case .files(let fingerprints): correct(files: fingerprints, &drift)
        case .settings(let settings): correct(settings, &drift)
        }
        return drift
    }

    /// Whether frontends have limits of connections that change without a reload.
    public var limitsFrontends: Bool {
        sections.values.contains { section in
            section.lines.contains { if case .frontendMaxconn? = $0.setting { true } else { false } }
        }
    }

    /// The maps that HAProxy has.
    public var mapNames: [String] { maps.keys.sorted() }

    /// The certificates, client authorities and lists of revoked certificates that HAProxy has, by path. Those of frontends that are not there it has not read.
    public func replaceableFiles(_ kind: ConfigurationFile.Kind) -> [String] {
        let candidates = files.values.filter { $0.kind == kind }.map(\.path).sorted()
        guard !candidates.isEmpty else { return [] }
        let lines = sections.filter { $0.key.hasPrefix("frontend ") }.values.flatMap { $0.lines.map(\.directive.text) }
        func isRead(_ path: String) -> Bool { lines.contains { $0.contains(path) } }
        switch kind {
        case .certificate:
            guard !isRead(CertificateList.path) else { return candidates }
            return candidates.filter { certificateList[$0] == nil && $0 != CertificateList.defaultCertificate }
        default: return candidates.filter(isRead)
        }
    }

    // MARK: - Servers

    private mutating func correct(servers observed: [String: [ObservedServer]], _ drift: inout Drift) {
        let owners = Dictionary(spares.map { ($0.value, $0.key) }) { first, _ in first }
        for section in sections.values where section.pool != nil {
            let backend = section.name
            let before = drift.differences.count
            if slots[backend] == nil {
                correct(servers: observed[backend] ?? [], of: backend, &drift)
            } else {
                correct(slots: observed[backend] ?? [], of: backend, &drift)
            }
            if drift.differences.count > before { drift.parts.headers.insert("backend \(owners[backend] ?? backend)") }
        }
    }

    private mutating func correct(servers observed: [ObservedServer], of backend: String, _ drift: inout Drift) {
        let leaving = removing[backend] ?? []
        var missing = Set(servers[backend]?.keys.map { $0 } ?? []).subtracting(leaving)
        let own = sections["backend \(backend)"]?.snippetServers ?? SnippetServers([])
        for server in observed where !leaving.contains(server.name) {
            missing.remove(server.name)
            guard let known = servers[backend]?[server.name] else {
                guard !own.contains(server.name),
                    drift.finds("\(backend) has a server \(server.name) that it was not given")
                else { continue }
                servers[backend, default: [:]][server.name] = .unknown
                continue
            }
            guard let difference = server.difference(from: known),
                drift.finds("server \(backend)/\(server.name) \(difference)")
            else { continue }
            drift.updates.append(.restoreServer(backend: backend, name: server.name, known, isChecked: server.hasPausedChecks))
        }
        for name in missing.sorted() where drift.finds("\(backend) has no server \(name)") {
            servers[backend]?[name] = nil
            limits[backend]?[name] = nil
        }
    }

    private mutating func correct(slots observed: [ObservedServer], of backend: String, _ drift: inout Drift) {
        for slot in observed {
            if let known = servers[backend]?[slot.name] {
                guard let difference = slot.difference(from: known),
                    drift.finds("server \(backend)/\(slot.name) \(difference)")
                else { continue }
                drift.updates.append(.restoreServer(backend: backend, name: slot.name, known, isChecked: slot.hasPausedChecks))
            } else if !slot.isInMaintenance, drift.finds("server \(backend)/\(slot.name) is not in maintenance") {
                drift.updates.append(.freeSlot(backend: backend, slot: slot.name))
            }
        }
    }

    // MARK: - Maps

    private mutating func correct(map name: String, lines: [String], _ drift: inout Drift) {
        guard let known = maps[name] else { return }
        let names = names
        // Keys as HAProxy has them, which spare backends may have other names in.
        var keys: [String: String] = [:]
        var missing: [String: String] = [:]
        for entry in known {
            let (key, value) = names.entry(entry, in: name)
            keys[key] = entry.key
            missing["\(key) \(value)"] = key
        }
        var strange: [Substring] = []
        var seen: Set<String> = []
        for line in lines {
            if missing.removeValue(forKey: line) != nil {
                seen.insert(line)
            } else if !seen.contains(line) {
                strange.append(line[...])
            }
        }
        guard !strange.isEmpty || !missing.isEmpty else { return }
        let absent = Set(missing.values)
        var changed: Set<String> = []
        var dropped: Set<String> = []
        for line in strange {
            let word = line.prefix { $0 != " " }
            // Keys may have blanks.
            let key = absent.first { line.hasPrefix("\($0) ") } ?? String(word)
            guard let own = keys[key] else {
                // All entries of a key go at once.
                guard dropped.insert(key).inserted else { continue }
                guard drift.finds("map \(name) has an entry \(key) that it was not given") else { continue }
                drift.updates.append(.dropMapEntry(name: name, key: key))
                continue
            }
            changed.insert(key)
            guard drift.finds("map \(name) has another value for \(key)") else { continue }
            // Another worker than the one that is known may have been loaded, with other files.
            let (observed, expected) = (line.dropFirst(key.count + 1), known[own] ?? "")
            let backend = RunningNames.parts(expected[...]).backend
            if RunningNames.parts(observed).backend == backend { distrust(String(backend), &drift) }
            // What the value means is of no interest, and that it is not the one it should be is known.
            maps[name]?[own] = ""
            drift.parts.maps[name, default: []].insert(own)
        }
        for key in absent.subtracting(changed).sorted() {
            guard let own = keys[key], drift.finds("map \(name) has no entry \(key)") else { continue }
            maps[name]?[own] = nil
            drift.parts.maps[name, default: []].insert(own)
        }
    }

    // MARK: - Certificates

    private mutating func correct(list entries: [(path: String, names: [String])], _ drift: inout Drift) {
        var found: [String: [String]] = [:]
        for entry in entries where entry.path != CertificateList.defaultCertificate {
            found[entry.path] = (found[entry.path] ?? []) + entry.names
        }
        for path in Set(found.keys).union(certificateList.keys).sorted() {
            let (wanted, names) = (certificateList[path]?.sorted(), found[path]?.sorted())
            guard wanted != names, drift.finds("\(path) answers for \(names?.joined(separator: ", ") ?? "nothing")") else {
                continue
            }
            drift.parts.certificates.insert(path)
            certificateList[path] = names
        }
    }

    private mutating func correct(files observed: [String: ObservedFile], _ drift: inout Drift) {
        for (path, observed) in observed.sorted(by: { $0.key < $1.key }) {
            // A file that HAProxy says nothing telling about cannot be compared.
            guard let file = files[path], let fingerprints = observed.fingerprints else { continue }
            var wanted =
                file.kind == .clientRevocations
                ? RevocationLists.summaries(inPEM: file.content) : X509Certificate.fingerprints(inPEM: file.content)
            if file.kind == .certificate { wanted = Array(wanted.prefix(1)) }
            guard Set(wanted) != Set(fingerprints) else { continue }
            let isMissing = fingerprints.isEmpty && file.kind == .certificate
            guard drift.finds(isMissing ? "HAProxy does not have \(path)" : "\(path) is another in HAProxy") else { continue }
            drift.parts.files.insert(path)
            drift.parts.certificates.insert(path)
            files[path] = isMissing ? nil : ConfigurationFile(path: path, content: [], kind: file.kind)
        }
    }

    // MARK: - Settings

    private mutating func correct(_ settings: [RuntimeSetting], _ drift: inout Drift) {
        for setting in settings {
            let others = sections.filter { $0.value.lines.contains { $0.setting?.id == setting.id && $0.setting != setting } }
            guard !others.isEmpty, drift.finds("\(setting.id) differs") else { continue }
            drift.parts.headers.formUnion(others.keys)
            apply(.set(setting))
        }
    }
}

/// Servers that a snippet adds to a backend: nobody but their author knows what they should be.
struct SnippetServers {
    private var names: Set<Substring> = []
    private var templates: [Substring] = []

    init(_ lines: [Section.Line]) {
        for line in lines {
            let words = line.directive.text.split(separator: " ", maxSplits: 2)
            guard words.count > 1 else { continue }
            let name = words[1].drop { "'\"".contains($0) }.prefix { !"'\"".contains($0) }
            switch words[0] {
            case "server": names.insert(name)
            case "server-template": templates.append(name)
            default: break
            }
        }
    }

    func contains(_ name: String) -> Bool {
        names.contains(name[...])
            || templates.contains { name.hasPrefix($0) && name.dropFirst($0.count).allSatisfy { $0.isASCII && $0.isNumber } }
    }
}

extension Section {
    fileprivate var snippetServers: SnippetServers { SnippetServers(lines) }
}

extension Server {
    /// One that HAProxy was not given: nothing is known of it but its name.
    static let unknown = Server(address: "", port: 0)
}
