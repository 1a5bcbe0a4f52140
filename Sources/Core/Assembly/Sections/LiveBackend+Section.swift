extension LiveBackend {
    /// - Parameters:
    ///   - commonOptions: what all backends are asked about: see ``BackendSettings/commonOption(_:from:)``.
    ///   - prefersIPv6: which of the addresses of a name is taken where there are both.
    ///   - isInFrontends: whether rules are in the frontends; those of its routes that are not are in the backend.
    func section(
        commonOptions: [String], prefersIPv6: Bool = false, within limits: ResourceLimits, isInFrontends: (OwnedRules) -> Bool
    ) -> Section {
        let settings = settings
        var section = Section("backend \(name)", origin: origin)
        if identity.isTCP { section.add("mode tcp") }
        let isDynamic = settings.acceptsDynamicServers || needsTooManySlots(within: limits)
        if let balance = settings.balance, isDynamic == settings.acceptsDynamicServers { section.add([balance]) }
        section.add(settings.options)
        for option in commonOptions where settings.commonOptions[option] == nil { section.add("no option \(raw: option)") }
        // As `tcp-request content` rules, so that such rules of the snippet see the variables too, and before whatever rewrites.
        section.add(
            SnippetVariable.named(in: settings.snippet), "tcp-request content",
            identity.isTCP ? \.connectionActions : \.requestActions)
        let service = Origin(object: identity.service)
        for rule in external?.rules(isTCP: identity.isTCP, prefersIPv6: prefersIPv6) ?? [] { section.add(rule, origin: service) }
        if !identity.isTCP {
            section.add(settings.httpOptions)
            // First, as they would be in the frontends.
            for (owned, use) in ownRules.sorted(by: { $0.key < $1.key }) where !isInFrontends(owned) {
                let rules = OwnedRules(family: owned.family, rules: owned.rules, authors: use.inOrder)
                section.lines += (owned.rules.backendLines ?? owned.rules.lines).map(rules.line)
            }
            section.add(settings.rules)
        }
        // The C library would look names up while a configuration is checked and loaded, and everybody waits meanwhile.
        if settings.hasOwnServers { section.add("default-server init-addr none resolvers kubernetes", origin: service) }
        section.add(settings.snippet)
        let cookies = identity.isTCP ? .none : settings.serverCookies
        if let external {
            // Checks would need an address before the first request.
            let keywords = uncheckedOptions + settings.replaceableServerOptions
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
            keywords: isChecked ? settings.serverOptions : uncheckedOptions, replaceable: settings.replaceableServerOptions,
            maxconn: settings.serverLimit,
            cookies: cookies, servers: servers,
            slots: isDynamic ? nil : Self.slots(for: servers.count, step: settings.slotStep),
            slotStep: settings.slotStep)
        return section
    }

    private var uncheckedOptions: [Traced<Directive>] {
        settings.serverOptions.filter { $0.value != BackendSettings.checkKeyword }
    }

    /// Whether an algorithm that takes no servers at run time would need more server lines than there may be: then the algorithm is
    /// HAProxy's usual one.
    private func needsTooManySlots(within limits: ResourceLimits) -> Bool {
        !settings.acceptsDynamicServers && Self.slots(for: servers.count, step: settings.slotStep) > limits[.staticServers]
    }

    /// What is wrong with the number of its servers, and rules of its routes that find no room in the frontends where they have to be.
    func findings(within limits: ResourceLimits, isInFrontends: (OwnedRules) -> Bool) -> [Finding] {
        var findings: [Finding] = []
        for owned in ownRules.keys where !identity.isTCP && owned.rules.isClosedInBackends && !isInFrontends(owned) {
            findings.append(
                Finding(
                    .error, object: first.ingress ?? identity.service, key: owned.family,
                    "finds no room among the rules of the frontends, so the routes to \(identity.service) answer 503; of a namespace "
                        + limits.description(of: .namespaceFrontendRules) + ", and of all "
                        + limits.description(of: .frontendRules)))
        }
        if excess > 0 {
            findings.append(
                Finding(
                    .error, object: identity.service,
                    "has \(servers.count + excess) endpoints for one port, of which \(excess) get no requests; "
                        + limits.description(of: .backendServers)))
        }
        if !isChecked {
            findings.append(
                Finding(
                    .error, object: identity.service,
                    "has \(servers.count) pods whose checks find no room among those of its namespace, so HAProxy does not check them; "
                        + limits.description(of: .namespaceChecks)))
        }
        if needsTooManySlots(within: limits), let balance = settings.balance {
            findings.append(
                Finding(
                    .error, object: balance.origin.object ?? identity.service, key: balance.origin.key, value: balance.value.text,
                    "needs \(Self.slots(for: servers.count, step: settings.slotStep)) server lines for the \(servers.count) endpoints of "
                        + "\(identity.service) and is not in force; " + limits.description(of: .staticServers)))
        }
        return findings
    }

    /// Server lines where none can be added at run time: whole multiples, so that growth within one needs no reload.
    private static func slots(for servers: Int, step: Int) -> Int { max(1, (servers + step - 1) / step) * step }
}
