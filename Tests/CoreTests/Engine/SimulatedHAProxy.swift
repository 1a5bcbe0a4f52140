@testable import Core

/// As much of HAProxy as the Runtime API changes: refuses what HAProxy refuses.
struct SimulatedHAProxy: Equatable {
    struct Refused: Error { let why: String }

    /// Servers by backend; slots that hold none are left out.
    var servers: [String: Set<Server>] = [:]
    var maps: [String: [String: String]] = [:]
    var certificates: [String: [UInt8]] = [:]
    var authorities: [String: [UInt8]] = [:]
    /// HAProxy 2.6 crashes when an authority, then a certificate and then the authority are replaced.
    private var hasOtherAuthority = false
    private var crashesOnAuthority = false
    var list: [String: Set<String>] = [:]
    var maxconn: Int?
    /// `maxconn` by backend and name of server or slot; 0 is none.
    var limits: [String: [String: Int]] = [:]
    /// Authorities that servers can be verified by.
    var serverAuthorities: Set<String> = []
    /// What stands in for which backend.
    var spares: [String: String] = [:]
    /// Servers without a value for the persistence cookie.
    var withoutCookie: [String: Set<String>] = [:]
    /// Removed, but their sessions have not ended: they get nothing new and their names are taken.
    var leaving: [String: Set<Server>] = [:]
    /// By slot name, for backends that have slots.
    var slots: [String: [String: Server?]] = [:]
    /// What a backend goes by, its own lines and those of its `defaults`, as far as only backends go by them.
    var lines: [String: [String]] = [:]
    /// The settings that the controller takes backends to have as lines, and all lines that they have.
    var inlined: [String: String] = [:]
    private var loadedLines: [String: [String]] = [:]
    /// The lines of `defaults` sections with a name.
    private(set) var profiles: [String: [String]] = [:]
    /// Backends that were created.
    private(set) var created: Set<String> = []
    var unpublished: Set<String> = []

    init(loading state: DesiredState) {
        let lines = state.sections.flatMap(\.lines)
        inlined = state.inlined
        for name in lines.flatMap(\.directive.maps) {
            maps[name] = names.entries(state.maps[name]?.entries ?? [:], in: name)
        }
        for section in state.loadedSections where section.isBackend {
            loadedLines[section.name] = section.lines.map(\.directive.text)
        }
        for section in state.reserve where !section.isBackend { profiles[section.name] = section.lines.map(\.directive.text) }
        let common = state.section("defaults")?.lines.map(\.directive.text).filter { !$0.hasPrefix("errorfile ") } ?? []
        for section in state.sections where section.isBackend {
            let key = "dynamic-cookie-key "
            let all = section.lines.map(\.directive.text)
            let own = all.filter { !$0.hasPrefix(key) } + all.filter { $0.hasPrefix(key) }
            let hasMode = own.contains { $0.hasPrefix("mode ") }
            self.lines[section.name] = common.filter { !hasMode || !$0.hasPrefix("mode ") } + own
        }
        for section in state.sections {
            guard let pool = section.pool else { continue }
            if let count = pool.slots {
                var held: [String: Server?] = [:]
                for index in 0..<count {
                    held.updateValue(
                        index < pool.servers.count ? pool.servers[index] : nil, forKey: ServerPool.slotName(index + 1))
                }
                slots[section.name] = held
            }
            servers[section.name] = Set(pool.servers)
            let names = pool.slots == nil ? pool.servers.map(\.name) : pool.slotNames
            for name in names { limits[section.name, default: [:]][name] = pool.maxconn?.value ?? 0 }
            if pool.cookies == .none { withoutCookie[section.name] = Set(names) }
        }
        serverAuthorities = Set(state.files.values.filter { $0.kind == .authority }.map(\.path))
        list = state.certificateList.entries.mapValues(Set.init)
        for (path, file) in state.files where list[path] != nil || path == "certs/default.pem" {
            certificates[path] = file.content
        }
        for (path, file) in state.files where file.kind == .clientAuthority { authorities[path] = file.content }
        for case .globalMaxconn(let limit)? in lines.map(\.setting) { maxconn = limit }
    }

    /// How the controller is to name things to it.
    var names: RunningNames { RunningNames(spares: spares, inlined: inlined) }

    /// Which greeting a request gets that goes where an entry of a routing map says.
    func greeting(_ target: String) -> String? {
        let parts = target.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        // Requests with settings go by the map; the backend gives way to them.
        if parts.count > 1 { return maps["greeting"]?[parts[1]] }
        let opening = "http-request set-var(txn.greeting) str("
        let lines = loadedLines[parts[0]]?.map { $0.replacing("'", with: "") }
        return lines?.first { $0.hasPrefix(opening) }.map { String($0.dropFirst(opening.count).dropLast()) }
    }

    mutating func run(_ update: RuntimeUpdate) throws {
        func require(_ condition: Bool, _ why: String) throws {
            if !condition { throw Refused(why: "\(update): \(why)") }
        }
        switch update {
        case .addServer(let backend, let server, let keywords):
            try require(servers[backend] != nil && slots[backend] == nil, "no such backend")
            let there = (servers[backend] ?? []).union(leaving[backend] ?? [])
            try require(!there.contains { $0.name == server.name }, "the server is there")
            let words = keywords.text.split(separator: " ").map(String.init)
            if let place = words.firstIndex(of: "ca-file") {
                try require(serverAuthorities.contains(words[place + 1]), "no such authority")
            }
            servers[backend]?.insert(server)
            limits[backend, default: [:]][server.name] = keywords.maxconn ?? 0
            withoutCookie[backend, default: []].insert(server.name)
            if keywords.makesCookie { withoutCookie[backend] = [] }
        case .limitServer(let backend, let name, let maxconn):
            try require(limits[backend]?[name] != nil, "no such server")
            limits[backend]?[name] = maxconn
        case .setServer(let backend, let server):
            let there = (servers[backend] ?? []).union(leaving[backend] ?? [])
            let old = there.first { $0.name == server.name }
            try require(old != nil && slots[backend] == nil, "no such server")
            if let old {
                servers[backend]?.remove(old)
                leaving[backend]?.remove(old)
            }
            servers[backend]?.insert(server)
        case .adopt(let backend, _): try require(servers[backend] != nil, "no such backend")
        case .removeServer(let backend, let name), .retireServer(let backend, let name):
            let old = servers[backend]?.first { $0.name == name }
            try require(old != nil && slots[backend] == nil, "no such server")
            if let old {
                servers[backend]?.remove(old)
                leaving[backend, default: []].insert(old)
            }
        case .set(.globalMaxconn(let limit)):
            try require(maxconn != nil, "no limit was loaded")
            maxconn = limit
        case .set(.frontendMaxconn): throw Refused(why: "\(update): no frontend has a limit")
        case .assignSlot(let backend, let slot, let server):
            try require(slots[backend]?.keys.contains(slot) == true, "no such slot")
            slots[backend]?.updateValue(server, forKey: slot)
            servers[backend] = Set(slots[backend]?.values.compactMap { $0 } ?? [])
        case .freeSlot(let backend, let slot):
            try require(slots[backend]?.keys.contains(slot) == true, "no such slot")
            slots[backend]?.updateValue(nil, forKey: slot)
            servers[backend] = Set(slots[backend]?.values.compactMap { $0 } ?? [])
        case .bind(let section, let spare):
            let backend = section.name
            try require(servers[backend] == nil && spares[backend] == nil, "the backend is there")
            try require(servers[spare]?.isEmpty == true && leaving[spare]?.isEmpty != false, "the spare is in use")
            spares[backend] = spare
            if section.pool?.cookies != ServerCookies.none { withoutCookie[spare] = nil }
        case .createBackend(let section, let profile):
            try require(lines[section.name] == nil, "the backend is there")
            try require(profiles[profile] != nil, "no such defaults")
            lines[section.name] =
                (profiles[profile] ?? []) + (section.dynamicCookieKey.map { ["dynamic-cookie-key \($0)"] } ?? [])
            created.insert(section.name)
            (servers[section.name], limits[section.name], withoutCookie[section.name]) = ([], nil, nil)
        case .publishBackend(let name):
            try require(lines[name] != nil, "no such backend")
            unpublished.remove(name)
        case .withdrawBackend(let name):
            try require(lines[name] != nil, "no such backend")
            unpublished.insert(name)
        case .unbind(let backend):
            try require(spares.removeValue(forKey: backend) != nil, "no spare stands in")
        case .updateMap(let name, let wanted):
            let changes = names.changes(wanted, in: name)
            try require(maps[name] != nil, "no such map")
            for (key, value) in changes.added {
                try require(maps[name]?[key] == nil, "\(key) is there")
                maps[name]?[key] = value
            }
            for (key, value) in changes.changed {
                try require(maps[name]?[key] != nil, "\(key) is not there")
                maps[name]?[key] = value
            }
            for key in changes.removed {
                try require(maps[name]?[key] != nil, "\(key) is not there")
                maps[name]?[key] = nil
            }
        case .replaceMap(let name, let entries):
            try require(maps[name] != nil, "no such map")
            maps[name] = names.entries(entries, in: name)
        case .dropMapEntry(let name, let key):
            try require(maps[name]?.removeValue(forKey: key) != nil, "\(key) is not there")
        case .restoreServer(let backend, let name, let server, _):
            if slots[backend] != nil {
                slots[backend]?.updateValue(server, forKey: name)
                servers[backend] = Set(slots[backend]?.values.compactMap { $0 } ?? [])
            } else {
                let old = servers[backend]?.first { $0.name == name }
                try require(old != nil, "no such server")
                if let old { servers[backend]?.remove(old) }
                servers[backend]?.insert(server)
            }
        case .addAuthority(let path, _):
            try require(serverAuthorities.insert(path).inserted, "the authority is there")
        case .addCertificate(let path, let content):
            try require(certificates[path] == nil, "the certificate is there")
            certificates[path] = content
        case .replaceCertificate(let path, let content):
            try require(certificates[path] != nil, "no such certificate")
            certificates[path] = content
            crashesOnAuthority = hasOtherAuthority
        case .removeCertificate(let path):
            try require(certificates[path] != nil && list[path] == nil, "not there, or in use")
            certificates[path] = nil
        case .replaceAuthority(let path, let content), .replaceRevocations(let path, let content):
            try require(authorities[path] != nil, "no such authority")
            try require(!crashesOnAuthority, "a crash")
            authorities[path] = content
            hasOtherAuthority = true
        case .addListEntry(let path, let names):
            try require(certificates[path] != nil && list[path] == nil, "no certificate, or a second entry")
            list[path] = Set(names)
        case .replaceListEntry(let path, let names):
            try require(list[path] != nil, "no such entry")
            list[path] = Set(names)
        case .removeListEntry(let path, _):
            try require(list[path] != nil, "no such entry")
            list[path] = nil
        }
    }

    /// The sessions of all servers that wait for it have ended.
    mutating func finishRemovals() {
        for (backend, servers) in leaving {
            for server in servers { limits[backend]?[server.name] = nil }
        }
        leaving = [:]
    }

    mutating func delete(backend name: String) throws {
        guard unpublished.contains(name), servers[name]?.isEmpty == true, leaving[name]?.isEmpty != false else {
            throw Refused(why: "the backend \(name) is in use")
        }
        lose(backend: name)
    }

    mutating func lose(backend name: String) {
        (lines[name], servers[name], limits[name], leaving[name], withoutCookie[name]) = (nil, nil, nil, nil, nil)
        loadedLines[name] = nil
        unpublished.remove(name)
        created.remove(name)
    }
}
