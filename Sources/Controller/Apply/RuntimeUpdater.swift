import Core

/// Makes updates in the running HAProxy.
struct RuntimeUpdater: Sendable {
    let socket: RuntimeSocket

    /// HAProxy did not do what an update asks.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Makes the updates in order, in as few round trips as their number allows. Servers are taken from requests only when HAProxy
    /// has done all that comes before.
    ///
    /// - Parameter names: how HAProxy has what entries of maps name otherwise.
    func perform(_ updates: [RuntimeUpdate], names: RunningNames = RunningNames()) async throws {
        var commands: [RuntimeCommand] = []
        var newcomers = Newcomers()
        var takesServers = true
        for update in updates {
            if update.takesServer, !takesServers {
                commands += try newcomers.welcome()
                try await perform(commands)
                commands = []
            }
            takesServers = update.takesServer
            switch update {
            case .addServer(let backend, let server, let keywords):
                if newcomers.backend != backend { commands += try newcomers.welcome() }
                commands.append(try newcomers.add(server, to: backend, keywords: keywords))
            case .replaceListEntry(let path, let names):
                commands += try newcomers.welcome() + (try await replacement(path, names: names))
            case .removeListEntry(let path, isLong: true):
                commands += try newcomers.welcome() + (try await removal(path))
            case .updateMap(let name, let changes):
                commands += try newcomers.welcome() + self.commands(map: MapFile.path(name), names.changes(changes, in: name))
            case .replaceMap(let name, let entries):
                let entries = names.entries(entries, in: name)
                commands += try newcomers.welcome() + (try await replacement(map: MapFile.path(name), entries: entries))
            default: commands += try newcomers.welcome() + self.commands(for: update)
            }
        }
        commands += try newcomers.welcome()
        try await perform(commands)
    }

    private func perform(_ commands: [RuntimeCommand]) async throws {
        guard !commands.isEmpty else { return }
        let refusals = try await socket.perform(batch: commands)
        guard refusals.isEmpty else {
            throw Failure(description: refusals.prefix(3).map(\.description).joined(separator: "; "))
        }
    }

    /// Tries to delete servers that should be gone; those with sessions stay.
    ///
    /// - Returns: the ones that are deleted.
    func delete(_ servers: [(backend: String, server: String)]) async throws -> [(backend: String, server: String)] {
        let commands = try servers.flatMap { server in
            let name = "\(server.backend)/\(server.server)"
            return [
                try RuntimeCommand("set server", [name, "state", "maint"]),
                try RuntimeCommand("del server", [name]),
            ]
        }
        let answers = try await socket.send(batch: commands)
        return servers.enumerated().filter { index, _ in
            let answer = answers[2 * index + 1]
            // A server that is not there any more is as good as deleted.
            return answer.contains("Server deleted.") || answer.contains("No such server") || answer.contains("No such backend")
        }.map(\.element)
    }

    /// Tries to delete backends without servers; those with sessions stay.
    ///
    /// - Returns: the ones that are deleted, and those that HAProxy will never delete because of its configuration.
    func delete(backends: [String]) async throws -> (deleted: [String], kept: [String]) {
        let answers = try await socket.send(batch: backends.map { try RuntimeCommand("del backend", [$0]) })
        var (deleted, kept): ([String], [String]) = ([], [])
        for (name, answer) in zip(backends, answers) {
            // A backend that is not there any more is as good as deleted.
            if answer.contains("Backend deleted.") || answer.contains("No such backend") {
                deleted.append(name)
            } else if answer.contains("cannot be removed at runtime") || answer.contains("Cannot remove a backend") {
                kept.append(name)
            }
        }
        return (deleted, kept)
    }

    private func commands(for update: RuntimeUpdate) throws -> [RuntimeCommand] {
        switch update {
        case .addServer, .replaceListEntry, .updateMap, .replaceMap, .unbind, .adopt: return []
        case .bind(let section, let spare): return try cookieKey(section, of: spare)
        case .createBackend(let section, let profile):
            // Nothing leads there yet.
            return [
                try RuntimeCommand("add backend", [section.name, "from", profile]),
                try RuntimeCommand("publish backend", [section.name]),
            ] + (try cookieKey(section, of: section.name))
        case .withdrawBackend(let name): return [try RuntimeCommand("unpublish backend", [name])]
        case .publishBackend(let name): return [try RuntimeCommand("publish backend", [name])]
        case .restoreServer(let backend, let name, let server, let isChecked):
            let name = "\(backend)/\(name)"
            var commands: [RuntimeCommand] = []
            // What follows a name gets its address from DNS.
            if IPNetwork(server.address) != nil {
                commands.append(try RuntimeCommand("set server", [name, "addr", server.address, "port", String(server.port)]))
            }
            commands.append(try RuntimeCommand("set server", [name, "weight", String(server.weight)]))
            commands.append(try RuntimeCommand("set server", [name, "state", "ready"]))
            if isChecked { commands.append(try RuntimeCommand("enable health", [name])) }
            return commands
        case .dropMapEntry(let name, let key): return [try RuntimeCommand("del map", [MapFile.path(name), key])]
        case .setServer(let backend, let server):
            let name = "\(backend)/\(server.name)"
            return [
                try RuntimeCommand("set server", [name, "state", "ready"]),
                try RuntimeCommand("set server", [name, "weight", String(server.weight)]),
            ]
        case .removeServer(let backend, let name):
            return [try RuntimeCommand("set server", ["\(backend)/\(name)", "state", "drain"])]
        case .retireServer(let backend, let name):
            return [try RuntimeCommand("set server", ["\(backend)/\(name)", "state", "maint"])]
        case .limitServer(let backend, let name, let maxconn):
            return [try RuntimeCommand("set maxconn server", ["\(backend)/\(name)", String(maxconn)])]
        case .set(.globalMaxconn(let count)): return [try RuntimeCommand("set maxconn global", [String(count)])]
        case .set(.frontendMaxconn(let frontend, let count)):
            return [try RuntimeCommand("set maxconn frontend", [frontend, String(count)])]
        case .assignSlot(let backend, let slot, let server):
            let name = "\(backend)/\(slot)"
            return [
                try RuntimeCommand("set server", [name, "addr", server.address, "port", String(server.port)]),
                try RuntimeCommand("set server", [name, "weight", String(server.weight)]),
                try RuntimeCommand("set server", [name, "state", "ready"]),
            ]
        case .freeSlot(let backend, let slot):
            return [try RuntimeCommand("set server", ["\(backend)/\(slot)", "state", "maint"])]
        case .addAuthority(let path, let content):
            return [
                try RuntimeCommand("new ssl ca-file", [path])
            ] + (try replacement(path, content, set: "set ssl ca-file", commit: "commit ssl ca-file"))
        case .addCertificate(let path, let content):
            return [try RuntimeCommand("new ssl cert", [path])] + (try load(path, content))
        case .replaceCertificate(let path, let content): return try load(path, content)
        case .replaceAuthority(let path, let content):
            return try replacement(path, content, set: "set ssl ca-file", commit: "commit ssl ca-file")
        case .replaceRevocations(let path, let content):
            return try replacement(path, content, set: "set ssl crl-file", commit: "commit ssl crl-file")
        case .removeCertificate(let path): return [try RuntimeCommand("del ssl cert", [path])]
        case .addListEntry(let path, let names):
            return try CertificateList.lines(path, names: names).map {
                try RuntimeCommand("add ssl crt-list", [CertificateList.path], payload: $0)
            }
        case .removeListEntry(let path, _): return [try RuntimeCommand("del ssl crt-list", [CertificateList.path, path])]
        }
    }

    /// What the servers of a backend that comes at run time are named with in cookies.
    private func cookieKey(_ section: Section, of backend: String) throws -> [RuntimeCommand] {
        try section.dynamicCookieKey.map { [try RuntimeCommand("set dynamic-cookie-key backend", [backend, $0])] } ?? []
    }

    /// The new lines first, then the old ones go.
    private func replacement(_ path: String, names: [String]) async throws -> [RuntimeCommand] {
        let removal = try await removal(path)
        return try commands(for: .addListEntry(path: path, names: names)) + removal
    }

    /// The lines that a certificate has now go, told apart by their numbers.
    private func removal(_ path: String) async throws -> [RuntimeCommand] {
        try await socket.showCrtList(CertificateList.path).filter { $0.certificate == path }
            .map { try RuntimeCommand("del ssl crt-list", [CertificateList.path, "\(path):\($0.line)"]) }
    }

    /// The entries get a version of their own, which nobody sees before it is complete.
    private func replacement(map: String, entries: [String: String]) async throws -> [RuntimeCommand] {
        let answer = try await socket.perform(RuntimeCommand("prepare map", [map]))
        guard let version = Int(answer.split(separator: " ").last ?? "") else {
            throw Failure(description: "HAProxy names no version of \(map): \(answer)")
        }
        let sorted = entries.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
        return try RuntimeCommand.addToMap(map, version: version, entries: sorted, limit: socket.sizeLimit)
            + [try RuntimeCommand("commit map", ["@\(version)", map])]
    }

    private func load(_ path: String, _ content: [UInt8]) throws -> [RuntimeCommand] {
        try replacement(path, content, set: "set ssl cert", commit: "commit ssl cert")
    }

    /// A file's new content, which is in force when it is committed.
    private func replacement(
        _ path: String, _ content: [UInt8], set: StaticString, commit: StaticString
    ) throws -> [RuntimeCommand] {
        [
            try RuntimeCommand(set, [path], payload: String(decoding: content, as: UTF8.self)),
            try RuntimeCommand(commit, [path]),
        ]
    }

    private func commands(map: String, _ changes: MapChanges) throws -> [RuntimeCommand] {
        let added = changes.added.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
        var commands = try RuntimeCommand.addToMap(map, entries: added, limit: socket.sizeLimit)
        for (key, value) in changes.changed.sorted(by: { $0.key < $1.key }) {
            commands.append(try RuntimeCommand("set map", [map, key, value]))
        }
        for key in changes.removed.sorted() { commands.append(try RuntimeCommand("del map", [map, key])) }
        return commands
    }
}

extension RuntimeUpdater {
    /// Servers that were added and take no requests yet.
    private struct Newcomers {
        private(set) var backend = ""
        private var names: [String] = []
        private var areChecked = false
        private var needCookies = false

        mutating func add(_ server: Server, to backend: String, keywords: ServerKeywords) throws -> RuntimeCommand {
            guard !keywords.text.contains(where: { "'\"\\".contains($0) }) else {
                throw Failure(description: "the server keywords \(keywords.text) cannot be given at run time")
            }
            let name = "\(backend)/\(server.name)"
            // Without these, servers added at run time keep no idle connections (the defaults come from the configuration only).
            var words = keywords.text.split(separator: " ").map(String.init) + ["pool-purge-delay", "5s", "pool-max-conn", "-1"]
            areChecked = keywords.areChecked
            needCookies = keywords.makesCookie
            if let maxconn = keywords.maxconn { words += ["maxconn", String(maxconn)] }
            if server.isDraining { words += ["weight", "0"] }
            self.backend = backend
            names.append(name)
            return try RuntimeCommand("add server", [name, server.endpoint] + words)
        }

        /// Puts them to work, with cookies that name them: HAProxy makes those for all servers of the backend that have none.
        mutating func welcome() throws -> [RuntimeCommand] {
            guard !names.isEmpty else { return [] }
            var commands: [RuntimeCommand] = []
            if needCookies { commands.append(try RuntimeCommand("enable dynamic-cookie backend", [backend])) }
            for name in names {
                if areChecked { commands.append(try RuntimeCommand("enable health", [name])) }
                commands.append(try RuntimeCommand("enable server", [name]))
            }
            self = Newcomers()
            return commands
        }
    }
}
