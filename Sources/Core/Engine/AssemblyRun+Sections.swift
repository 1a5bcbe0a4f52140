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

    // MARK: - Frontends

    func binds(port: Int, _ keywords: Directive) -> [Directive] {
        var binds: [Directive] = []
        if let address = options.ipv4Address { binds.append("bind \(address + ":" + String(port))\(raw: keywords.text)") }
        if let address = options.ipv6Address {
            binds.append("bind \("[" + address + "]:" + String(port)) v6only\(raw: keywords.text)")
        }
        return binds
    }

    /// The request's way through the routing maps; see Docs/how-it-works.md.
    private static let routing: [Directive] = [
        "http-request set-var(txn.host) req.hdr(host),host_only,lower,rtrim(.)",
        "http-request set-var(txn.host_key) var(txn.host),map_str(\(map: "host"))",
        """
        http-request set-var(txn.host_key) var(txn.host),regsub(^[^.]*,),map_str(\(map: "host")) \
        if !{ var(txn.host_key) -m found }
        """,
        "http-request set-var(txn.host_key) str() if !{ var(txn.host_key) -m found }",
        "http-request set-var(txn.path) path",
        "http-request set-var(txn.route) var(txn.host_key),concat(,txn.path),map_str(\(map: "path-exact"))",
        """
        http-request set-var(txn.route) var(txn.host_key),concat(,txn.path,/),map_beg(\(map: "path-prefix")) \
        if !{ var(txn.route) -m found }
        """,
        """
        http-request set-var(txn.route) str(\(raw: defaultKey)),map_str(\(map: "path-exact")) \
        if !{ var(txn.route) -m found }
        """,
    ]

    private func httpFrontend(_ global: GlobalContribution, rules: [OwnedRules]) -> Section {
        var section = Section("frontend http")
        for bind in binds(port: options.httpPort, Self.keywords(global.bindOptions)) {
            section.lines.append(.init(bind, parts: global.bindOptions))
        }
        addConnectionRules(to: &section, global: global)
        addHTTPRules(to: &section, of: .http, global: global, rules: rules)
        return section
    }

    private func httpsFrontend(_ global: GlobalContribution, rules: [OwnedRules], isBehindPassthrough: Bool) -> Section {
        var section = Section("frontend https")
        let tls = " ssl crt-list \(CertificateList.path)" + Self.keywords(global.tlsBindOptions).text
        if isBehindPassthrough {
            section.lines.append(
                .init("bind \(raw: "unix@" + terminationSocket) mode 600 accept-proxy\(raw: tls)", parts: global.tlsBindOptions))
        } else {
            for bind in binds(port: options.httpsPort, Directive(raw: Self.keywords(global.bindOptions).text + tls)) {
                section.lines.append(.init(bind, parts: global.bindOptions + global.tlsBindOptions))
            }
            addConnectionRules(to: &section, global: global)
        }
        if options.servesQUIC { addQUIC(to: &section, global: global) }
        addHTTPRules(to: &section, of: .https, global: global, rules: rules)
        return section
    }

    /// Listens on UDP, and tells those who come by TCP. What is meant for TCP listeners has no place on these.
    private func addQUIC(to section: inout Section, global: GlobalContribution) {
        let port = options.quicPort ?? options.httpsPort
        let tls = " ssl crt-list \(CertificateList.path) alpn h3" + Self.keywords(global.quicBindOptions).text
        var binds: [Directive] = []
        if let address = options.ipv4Address { binds.append("bind \("quic4@\(address):\(port)")\(raw: tls)") }
        if let address = options.ipv6Address { binds.append("bind \("quic6@[\(address)]:\(port)") v6only\(raw: tls)") }
        for bind in binds { section.lines.append(.init(bind, parts: global.quicBindOptions)) }
        if let age = global.quicMaximumAge {
            let service = "h3=\":\(options.announcedQUICPort ?? port)\"; ma=\(age.value)"
            section.add("http-after-response set-header alt-svc \(service)", origin: age.origin)
        }
    }

    /// Rules for the connections of clients. They read maps, so that a running frontend may keep them.
    private func addConnectionRules(to section: inout Section, global: GlobalContribution) {
        for line in global.connectionLines { section.add(line.value, origin: line.origin, feature: "connection/\(line.value)") }
    }

    private func addHTTPRules(
        to section: inout Section, of frontend: GlobalContribution.Frontend, global: GlobalContribution, rules: [OwnedRules]
    ) {
        if let origin = global.closed[frontend] { section.add("http-request deny deny_status 503", origin: origin) }
        for line in Self.routing { section.add(line) }
        section.lines += conditionRules
        section.add("http-request set-var(txn.settings) var(txn.route),field(2,.)")
        section.add(global.frontendLines)
        for owned in rules {
            for line in owned.rules.lines { section.lines.append(owned.line(line)) }
        }
        section.add(global.frontendSnippet)
        section.add("use_backend %[var(txn.route),field(1,.)] if { var(txn.route) -m found }")
        section.add("default_backend \(raw: Self.notFoundBackend)")
    }

    static func keywords(_ options: [Traced<Directive>]) -> Directive {
        Directive(raw: options.map { " " + $0.value.text }.joined())
    }

    private var terminationSocket: String { options.runtimeDirectory + "/tls-termination.sock" }

    /// The frontend that looks at the SNI, and the way from it to the frontend that ends TLS.
    private func passthroughSections(_ global: GlobalContribution, rules: [OwnedRules]) -> [Section] {
        var frontend = Section("frontend tls")
        frontend.add("mode tcp")
        for bind in binds(port: options.httpsPort, Self.keywords(global.bindOptions)) { frontend.add(bind) }
        frontend.add(global.tcpFrontendLines)
        addConnectionRules(to: &frontend, global: global)
        frontend.add("tcp-request inspect-delay 5s")
        frontend.add("tcp-request content set-var(txn.host) req.ssl_sni,lower if { req.ssl_hello_type 1 }")
        frontend.add("tcp-request content set-var(txn.route) var(txn.host),map_str(\(map: "sni"))")
        frontend.add(
            """
            tcp-request content set-var(txn.route) var(txn.host),regsub(^[^.]*,),map_str(\(map: "sni")) \
            if !{ var(txn.route) -m found } !{ var(txn.host),map_str(\(map: "host")) -m found }
            """)
        frontend.add("tcp-request content set-var(txn.settings) var(txn.route),field(2,.)")
        for owned in rules {
            for line in owned.rules.passthroughLines ?? [] {
                frontend.lines.append(owned.line(line))
            }
        }
        // What goes on to the frontend that ends TLS is logged there.
        frontend.add("tcp-request content set-log-level silent if !{ var(txn.route) -m found }")
        frontend.add("tcp-request content accept if { req.ssl_hello_type 1 }")
        frontend.add("use_backend %[var(txn.route),field(1,.)] if { var(txn.route) -m found }")
        frontend.add("default_backend \(raw: Self.terminationBackend)")
        let termination = Section(
            "backend \(Self.terminationBackend)",
            lines: [.init("mode tcp"), .init("server tls-termination \(raw: "unix@" + terminationSocket) send-proxy-v2")])
        return [frontend, termination]
    }

    private func healthzFrontend() -> Section {
        var section = Section("frontend healthz")
        for bind in binds(port: options.healthzPort, "") { section.add(bind) }
        section.add("monitor-uri /healthz")
        section.add("option dontlog-normal")
        return section
    }

    private func statsFrontend(_ global: GlobalContribution) -> Section {
        var section = Section("frontend stats")
        for bind in binds(port: options.statsPort, "") { section.add(bind) }
        section.add("option dontlog-normal")
        if options.environment.capabilities.hasPrometheusExporter {
            section.add("http-request use-service prometheus-exporter if { path /metrics }")
        }
        section.add("stats enable")
        section.add("stats uri /")
        section.add("stats refresh 10s")
        section.add(global.statsSnippet)
        return section
    }

    // MARK: - Backends

    private func backendSection(
        _ name: String, identity: Backends.Identity, entry: Backends.Entry, commonOptions: [String]
    ) -> Section {
        let settings = entry.settings
        var section = Section("backend \(name)", origin: entry.origin)
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
        guard !entry.isExternalName else {
            // HAProxy resolves only names that its configuration has, so these servers are lines like any other.
            for keywords in settings.serverOptions + settings.replaceableServerOptions {
                section.add("default-server \(raw: keywords.value.text)", origin: keywords.origin)
            }
            if let limit = settings.serverLimit {
                section.add("default-server maxconn \(limit.value)", origin: limit.origin)
            }
            for server in entry.servers {
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
            cookies: cookies, servers: entry.servers,
            slots: settings.acceptsDynamicServers ? nil : Self.slots(for: entry.servers.count, step: settings.slotStep),
            slotStep: settings.slotStep)
        return section
    }

    /// Server lines where none can be added at run time: whole multiples, so that growth within one needs no reload.
    private static func slots(for servers: Int, step: Int) -> Int { max(1, (servers + step - 1) / step) * step }
}

extension OwnedRules {
    /// What the rules' lines are marked with in the running configuration.
    var feature: String { "\(family)/\(rules.phase)/\(rules.id)" }

    /// A line of the rules. Those that several families use are the controller's own.
    func line(_ directive: Directive) -> Section.Line {
        guard authors.isEmpty else {
            return .init(directive, parts: authors.map { Traced(directive, origin: $0) }, feature: feature)
        }
        return .init(directive, origin: family.isEmpty ? .controller : Origin(key: family), feature: feature)
    }

    /// Each rules once, in order, with all their authors.
    static func merged(_ all: [OwnedRules]) -> [OwnedRules] {
        var merged: [OwnedRules: [Origin]] = [:]
        for owned in all { merged[owned, default: []] += owned.authors }
        return merged.map { owned, authors in
            var seen: Set<Origin> = []
            return OwnedRules(family: owned.family, rules: owned.rules, authors: authors.filter { seen.insert($0).inserted })
        }.sorted()
    }
}
