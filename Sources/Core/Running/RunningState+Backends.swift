/// Backends that come and go while HAProxy runs.
extension RunningState {
    /// Whether HAProxy creates backends while it runs.
    public var createsBackends: Bool { !profiles.isEmpty }

    /// How HAProxy gets backends that the configuration does not have; nil for those that only a new one gives it.
    func creations(of new: [Section]) -> [RuntimeUpdate?] {
        guard profiles.isEmpty else {
            return new.map { section in
                guard let profile = BackendProfile(section)?.template.name, profiles.contains(profile) else { return nil }
                return .createBackend(section, profile: profile)
            }
        }
        guard !new.isEmpty, !reserve.isEmpty else { return new.map { _ in nil } }
        let taken = Set(spares.values)
        var free = reserve.filter { !taken.contains($0.name) && servers[$0.name]?.isEmpty != false }
        return new.map { section in
            guard let profile = BackendProfile(section)?.template, let index = free.firstIndex(where: { $0.profile == profile })
            else { return nil }
            return .bind(section, spare: free.remove(at: index).name)
        }
    }

    /// Backends that should be gone, and that nothing but their sessions keeps any more.
    public var pendingBackends: [String] { withdrawn.filter(canGo).sorted() }

    /// Whether a backend is to be gone, and nothing but its sessions keeps it.
    public func canGo(_ backend: String) -> Bool { isLeaving(backend, server: nil) && servers[backend]?.isEmpty != false }

    /// Whether a server, or a backend itself, is to be gone.
    public func isLeaving(_ backend: String, server: String?) -> Bool {
        if let server { return removing[backend]?.contains(server) == true }
        return withdrawn.contains(backend) && !undeletable.contains(backend)
    }

    /// A backend is gone.
    public mutating func backendRemoved(_ name: String) {
        sections["backend \(name)"] = nil
        (servers[name], limits[name], removing[name], slots[name]) = (nil, nil, nil, nil)
        withdrawn.remove(name)
        if inlined[name] != nil { inlined[name] = "" }
    }

    /// A backend stays for what else the configuration has. It does nothing.
    public mutating func backendKept(_ name: String) { undeletable.insert(name) }

    /// A backend may not have the settings that it was loaded with: its routes go by maps, which is right whatever it has.
    mutating func distrust(_ backend: String, _ drift: inout Drift) {
        guard let settings = inlined[backend], !settings.isEmpty else { return }
        inlined[backend] = ""
        for map in RunningNames.inliningMaps {
            for (key, value) in maps[map] ?? [:] where value == "\(backend).\(settings)" {
                maps[map]?[key] = ""
                drift.parts.maps[map, default: []].insert(key)
            }
        }
    }

    mutating func correct(backends observed: [String: Bool], _ drift: inout Drift) {
        for section in sections.values.filter(\.isBackend).sorted(by: { $0.header < $1.header }) {
            let name = section.name
            guard let isPublished = observed[name] else {
                guard drift.finds("there is no backend \(name)") else { continue }
                distrust(name, &drift)
                backendRemoved(name)
                drift.parts.headers.insert(section.header)
                continue
            }
            guard isPublished == withdrawn.contains(name),
                drift.finds("backend \(name) takes \(isPublished ? "" : "no ")requests")
            else { continue }
            if isPublished {
                withdrawn.remove(name)
                drift.parts.headers.insert(section.header)
            } else {
                drift.updates.append(.publishBackend(name))
            }
        }
    }
}
