extension LiveBackend {
    /// - Parameters:
    ///   - commonOptions: what all backends are asked about: see ``BackendSettings/commonOption(_:from:)``.
    ///   - prefersIPv6: which of the addresses of a name is taken where there are both.
    func section(commonOptions: [String], prefersIPv6: Bool = false) -> Section {
        let settings = settings
        var section = Section("backend \(name)", origin: origin)
        if identity.isTCP { section.add("mode tcp") }
        if let balance = settings.balance { section.add([balance]) }
        section.add(settings.options)
        for option in commonOptions where settings.commonOptions[option] == nil { section.add("no option \(raw: option)") }
        let service = Origin(object: identity.service)
        for rule in external?.rules(isTCP: identity.isTCP, prefersIPv6: prefersIPv6) ?? [] { section.add(rule, origin: service) }
        if !identity.isTCP {
            section.add(settings.httpOptions)
            section.add(settings.rules)
        }
        section.add(settings.snippet)
        let cookies = identity.isTCP ? .none : settings.serverCookies
        if let external {
            // Checks would need an address before the first request.
            let keywords = settings.serverOptions.filter { $0.value.text != "check" } + settings.replaceableServerOptions
            for keywords in keywords {
                section.add("default-server \(raw: keywords.value.text)", origin: keywords.origin)
            }
            if let limit = settings.serverLimit {
                section.add("default-server maxconn \(limit.value)", origin: limit.origin)
            }
            let cookie: Directive = cookies == .names ? " cookie \(external.serverName)" : ""
            section.add("server \(external.serverName) 0.0.0.0:\(external.port) no-check\(raw: cookie.text)", origin: service)
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
