@testable import Core

extension SimulatedHAProxy {
    /// Whether it does what a freshly loaded one does: backends that nothing leads to and maps that nobody asks for may differ.
    func differences(from fresh: SimulatedHAProxy) -> [String] {
        var fresh = fresh
        for (backend, spare) in spares {
            fresh.servers[spare] = fresh.servers.removeValue(forKey: backend)
            fresh.limits[spare] = fresh.limits.removeValue(forKey: backend)
            fresh.withoutCookie[spare] = fresh.withoutCookie.removeValue(forKey: backend)
            fresh.lines[spare] = fresh.lines.removeValue(forKey: backend)
        }
        var found: [String] = []
        for map in ["host-route", "path-exact", "path-prefix"] {
            for (key, target) in fresh.maps[map] ?? [:] {
                let (wanted, given) = (fresh.greeting(target), maps[map]?[key].flatMap(greeting))
                if wanted != given { found.append("\(key) is greeted \(given ?? "-") for \(wanted ?? "-")") }
            }
        }
        for step in fresh.maps["route-acl"]?.values ?? [:].values {
            let target = String(RunningNames.target(step, in: "route-acl"))
            let chosen = String(RunningNames.target(names.entry(("", step), in: "route-acl").value, in: "route-acl"))
            if fresh.greeting(target) != greeting(chosen) { found.append("\(target) is greeted otherwise when chosen") }
        }
        for (map, entries) in fresh.maps { fresh.maps[map] = names.entries(entries, in: map) }
        for (backend, wanted) in fresh.servers where servers[backend] != wanted {
            found.append("\(backend): \(servers[backend] ?? []) for \(wanted)")
        }
        for backend in fresh.servers.keys {
            if unpublished.contains(backend) { found.append("\(backend) takes no requests") }
            if lines[backend] != fresh.lines[backend] {
                found.append("\(backend): \(lines[backend] ?? []) for \(fresh.lines[backend] ?? [])")
            }
        }
        for (backend, wanted) in fresh.servers {
            // All servers of a backend have the same limit; there may be more slots than a fresh start would make.
            let limit = Set(fresh.limits[backend]?.values ?? [:].values)
            let names = slots[backend].map { Set($0.keys) } ?? Set(wanted.map(\.name))
            let held = Set(names.map { limits[backend]?[$0] })
            if !names.isEmpty, held != Set(limit.map { $0 }) { found.append("\(backend): limits \(held) for \(limit)") }
            let nameless = (withoutCookie[backend] ?? []).intersection(names)
            if fresh.withoutCookie[backend] == nil, !nameless.isEmpty { found.append("\(backend): no cookie for \(nameless)") }
        }
        for (backend, held) in servers where fresh.servers[backend] == nil && !held.isEmpty {
            found.append("\(backend) is unused and has \(held)")
        }
        for (map, entries) in fresh.maps where maps[map] != entries { found.append("\(map): \(maps[map] ?? [:]) for \(entries)") }
        for (map, entries) in maps where fresh.maps[map] == nil && !entries.isEmpty { found.append("\(map) keeps \(entries)") }
        if certificates != fresh.certificates {
            found.append("certificates: \(certificates.keys.sorted()) for \(fresh.certificates.keys.sorted())")
        }
        if list != fresh.list { found.append("list: \(list) for \(fresh.list)") }
        if authorities != fresh.authorities { found.append("authorities") }
        if maxconn != fresh.maxconn { found.append("maxconn") }
        return found
    }
}
