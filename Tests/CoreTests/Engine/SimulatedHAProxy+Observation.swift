import TestSupport

@testable import Core

extension SimulatedHAProxy {
    /// What it would tell about itself, and about some files.
    func observations(of files: [String]) -> [Observation] {
        var found: [String: [ObservedServer]] = [:]
        for (backend, held) in servers where slots[backend] == nil {
            found[backend] = held.union(leaving[backend] ?? []).map { ObservedServer($0, name: $0.name) }
        }
        for (backend, held) in slots {
            found[backend] = held.map { slot, server in
                server.map { ObservedServer($0, name: slot) }
                    ?? ObservedServer(name: slot, address: "0.0.0.0", port: 0, isInMaintenance: true)
            }
        }
        let maps = maps.map { name, entries in Observation.map(name: name, lines: entries.map { "\($0.key) \($0.value)" }) }
        func file(_ path: String) -> ObservedFile {
            guard let content = certificates[path] ?? authorities[path] else { return .missing }
            return .known(X509Certificate.fingerprints(inPEM: content))
        }
        let observed: [String: ObservedFile] = Dictionary(uniqueKeysWithValues: files.map { ($0, file($0)) })
        return backendObservation + [.servers(found), .certificateList(list.map { ($0.key, Array($0.value)) })] + maps
            + [.files(observed)]
            + (maxconn.map { [.settings([.globalMaxconn($0)])] } ?? [])
    }

    /// Nobody asks one that creates no backends.
    private var backendObservation: [Observation] {
        profiles.isEmpty ? [] : [.backends(lines.keys.reduce(into: [:]) { $0[$1] = !unpublished.contains($1) })]
    }

    /// Somebody changes something behind the controller's back.
    ///
    /// - Returns: what; nil when there was nothing to change.
    mutating func tamper(certificate: [UInt8], _ random: inout SeededGenerator) -> String? {
        switch Int.random(in: 0..<(profiles.isEmpty ? 7 : 9), using: &random) {
        case 7:
            guard let backend = created.subtracting(unpublished).sorted().randomElement(using: &random) else { return nil }
            lose(backend: backend)
            return "\(backend) deleted"
        case 8:
            guard let backend = lines.keys.sorted().randomElement(using: &random) else { return nil }
            if unpublished.remove(backend) == nil { unpublished.insert(backend) }
            return "\(backend) published or not"
        case 0:
            guard let backend = servers.keys.filter({ slots[$0] == nil && servers[$0]?.isEmpty == false }).sorted().first,
                let server = servers[backend]?.min()
            else { return nil }
            servers[backend]?.remove(server)
            limits[backend]?[server.name] = nil
            return "\(server.name) removed"
        case 1:
            guard let backend = servers.keys.filter({ slots[$0] == nil }).sorted().randomElement(using: &random) else {
                return nil
            }
            let server = Server(address: "10.99.0.1", port: 99)
            guard leaving[backend]?.contains(server) != true else { return nil }
            servers[backend]?.insert(server)
            limits[backend, default: [:]][server.name] = 0
            return "a server added to \(backend)"
        case 2:
            guard let backend = servers.keys.filter({ slots[$0] == nil && servers[$0]?.isEmpty == false }).sorted().last,
                let server = servers[backend]?.min()
            else { return nil }
            var other = server
            other.isDraining.toggle()
            servers[backend]?.remove(server)
            servers[backend]?.insert(other)
            return "\(server.name) drained or not"
        case 3:
            guard let backend = slots.keys.sorted().randomElement(using: &random),
                let slot = slots[backend]?.keys.sorted().randomElement(using: &random)
            else { return nil }
            slots[backend]?.updateValue(Server(address: "10.99.0.2", port: 99), forKey: slot)
            servers[backend] = Set(slots[backend]?.values.compactMap { $0 } ?? [])
            return "\(slot) of \(backend) taken"
        case 4, 5:
            guard let map = maps.keys.sorted().randomElement(using: &random) else { return nil }
            if let key = maps[map]?.keys.sorted().randomElement(using: &random), random.chance(70) {
                maps[map]?[key] = random.chance(50) ? nil : "tampered"
                return "\(map): \(key) changed"
            }
            maps[map]?["tampered"] = "1"
            return "\(map): an entry"
        default:
            guard let path = list.keys.sorted().randomElement(using: &random) else { return nil }
            if random.chance(30) {
                list[path] = nil
                if random.chance(50) { certificates[path] = nil }
            } else if random.chance(50) {
                list[path] = ["tampered.example.com"]
            } else {
                certificates[path] = certificate
            }
            return "\(path) changed"
        }
    }
}

extension ObservedServer {
    fileprivate init(_ server: Server, name: String) {
        self.init(name: name, address: server.address, port: server.port, weight: server.weight)
    }
}
