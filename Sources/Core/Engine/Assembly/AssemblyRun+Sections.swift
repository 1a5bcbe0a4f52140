extension AssemblyRun {
    /// Answers 404: no Ingress matches.
    static let notFoundBackend = "ingress-not-found"
    /// Answers 503: the route's Service is missing or its protection cannot be built.
    static let unavailableBackend = "ingress-unavailable"
    /// Closes connections of TCP services and passed-through TLS that would go to a backend that cannot be built.
    static let unavailableTCPBackend = "ingress-unavailable-tcp"
    /// Hands connections that are not passed through to the frontend that ends TLS.
    static let terminationBackend = "ingress-tls-termination"

    mutating func addDefaultCertificate(_ global: GlobalContribution, certificates: inout Certificates) {
        let file = certificates.addDefault(
            configured: global.defaultCertificates, listsNames: global.listsDefaultCertificate)
        state.files[file.path] = file
        // A default certificate of the command line is checked only now.
        findings = findings + certificates.findings
    }

    mutating func addSections(global: GlobalContribution, backends: Backends, names: [Backends.Identity: String]) {
        for file in backends.files { state.files[file.path] = file }
        let usesPassthrough = state.maps["sni"] != nil
        state.sections.append(globalSection(global))
        let commonOptions = backends.commonOptions
        let pages = addErrorPages(global: state.sections)
        state.sections.append(defaultsSection(global, options: commonOptions, errorPages: pages))
        if backends.entries.values.contains(where: \.isExternalName) { state.sections.append(Self.resolvers) }
        for name in backends.userLists.keys.sorted() {
            guard let list = backends.userLists[name] else { continue }
            var section = Section("userlist \(name)", origin: list.origin)
            for user in list.users.keys.sorted() {
                guard let hash = list.users[user] else { continue }
                section.add("user \(user) password \(hash.text)", origin: list.origin)
            }
            state.sections.append(section)
        }
        let rules = OwnedRules.merged(routes.flatMap { plans[$0.context]?.contribution.rules ?? [] })
        if options.isHTTPEnabled { state.sections.append(httpFrontend(global, rules: rules)) }
        if options.isHTTPSEnabled {
            state.sections.append(httpsFrontend(global, rules: rules, isBehindPassthrough: usesPassthrough))
            if usesPassthrough { state.sections += passthroughSections(global, rules: rules) }
        }
        for planned in tcpServices { state.sections.append(tcpServiceFrontend(planned, global: global)) }
        if options.healthzPort != 0 { state.sections.append(healthzFrontend()) }
        if options.statsPort != 0 { state.sections.append(statsFrontend(global)) }
        state.sections.append(Section("backend \(Self.notFoundBackend)", lines: [.init("http-request deny deny_status 404")]))
        state.sections.append(Section("backend \(Self.unavailableBackend)"))
        if usesPassthrough && options.isHTTPSEnabled || !tcpServices.isEmpty {
            state.sections.append(
                Section(
                    "backend \(Self.unavailableTCPBackend)", lines: [.init("mode tcp"), .init("tcp-request content reject")]))
        }
        for table in Set(routes.flatMap { plans[$0.context]?.contribution.stickTables ?? [] }).sorted(by: { $0.name < $1.name }) {
            state.sections.append(Section("backend \(table.name)", lines: [.init(table.definition)]))
        }
        let named = backends.entries.compactMap { identity, entry in names[identity].map { ($0, identity, entry) } }
        for (name, identity, entry) in named.sorted(by: { $0.0 < $1.0 }) {
            state.sections.append(
                backendSection(name, identity: identity, entry: entry, commonOptions: commonOptions.map(\.name)))
        }
        // A map that a line names must be there, if only empty.
        for name in state.sections.flatMap({ $0.lines.flatMap(\.directive.maps) }) where state.maps[name] == nil {
            state.maps[name] = MapFile(name: name)
        }
    }

    private func globalSection(_ global: GlobalContribution) -> Section {
        var section = Section("global")
        section.add("default-path config")
        section.add(
            "stats socket \(options.runtimeDirectory + "/haproxy-runtime-api.sock") mode 600 level admin expose-fd listeners")
        section.add("ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets")
        section.add("tune.ssl.default-dh-param 2048")
        if options.servesQUIC, options.environment.capabilities.hasLimitedQUIC { section.add("limited-quic") }
        if let maxconn = global.maxconn {
            section.lines.append(
                .init("maxconn \(maxconn.value)", origin: maxconn.origin, setting: .globalMaxconn(maxconn.value)))
        }
        section.add(global.globalLines)
        section.add(global.globalSnippet)
        return section
    }

    private func defaultsSection(
        _ global: GlobalContribution, options: [(name: String, origin: Origin)], errorPages: [Traced<Directive>]
    ) -> Section {
        var section = Section("defaults")
        section.add("mode http")
        section.add("log global")
        section.add("option redispatch")
        section.add(global.defaultsLines)
        for option in options { section.add("option \(raw: option.name)", origin: option.origin) }
        section.add(errorPages)
        return section
    }

    /// Follows the names of ExternalName Services; keeps the last addresses while the DNS does not answer.
    private static let resolvers = Section(
        "resolvers kubernetes",
        lines: [
            .init("parse-resolv-conf"), .init("hold valid 10s"), .init("hold nx 7d"), .init("hold obsolete 7d"),
            .init("hold other 7d"), .init("hold refused 7d"), .init("hold timeout 7d"),
        ])
}
