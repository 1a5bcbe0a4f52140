extension LiveBackend {
    /// - Parameter commonOptions: what all backends are asked about: see ``BackendSettings/commonOption(_:from:)``.
    func section(commonOptions: [String]) -> Section {
        let settings = settings
        var section = Section("backend \(name)", origin: origin)
        if identity.isTCP { section.add("mode tcp") }
        if let balance = settings.balance { section.add([balance]) }
        section.add(settings.options)
        for option in commonOptions where settings.commonOptions[option] == nil { section.add("no option \(raw: option)") }
        if !identity.isTCP {
            section.add(settings.httpOptions)
            section.add(settings.rules)
        }
        section.add(settings.snippet)
        let cookies = identity.isTCP ? .none : settings.serverCookies
        guard !isExternalName else {
            // HAProxy resolves only names that its configuration has, so these servers are lines like any other.
            for keywords in settings.serverOptions + settings.replaceableServerOptions {
                section.add("default-server \(raw: keywords.value.text)", origin: keywords.origin)
            }
            if let limit = settings.serverLimit {
                section.add("default-server maxconn \(limit.value)", origin: limit.origin)
            }
            for server in servers {
                let cookie: Directive = cookies == .names ? " cookie \(server.name)" : ""
                section.add(
                    """
                    server \(server.name) \(server.endpoint) resolvers kubernetes init-addr last,libc,none\(raw: cookie.text)
                    """,
                    origin: Origin(object: identity.service))
            }
            return section
        }
        section.pool = ServerPool(
            keywords: settings.serverOptions, replaceable: settings.replaceableServerOptions, maxconn: settings.serverLimit,
            cookies: cookies, servers: servers,
            slots: settings.acceptsDynamicServers ? nil : Self.slots(for: servers.count, step: settings.slotStep),
            slotStep: settings.slotStep)
        return section
    }

    /// Server lines where none can be added at run time: whole multiples, so that growth within one needs no reload.
    private static func slots(for servers: Int, step: Int) -> Int { max(1, (servers + step - 1) / step) * step }
}
