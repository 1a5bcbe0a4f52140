/// The sections that there are however many Ingresses there are: global, defaults, resolvers, frontends and the controller's own
/// backends.
struct StaticSections {
    let options: EngineOptions
    let global: GlobalContribution
    let errorPages: [Traced<Directive>]
    /// The fixed rules in use, in the order in which they run.
    let rules: [OwnedRules]
    /// For how many bytes there are slots for captured parts of requests.
    let captureLengths: [Int]
    /// The rules that choose among routes with conditions.
    let conditions: ConditionTable
    /// Options that some backend has and that HAProxy looks up in the frontends too.
    let commonOptions: [(name: String, origin: Origin)]
    /// Whether TLS is passed through somewhere.
    let usesPassthrough: Bool
    /// Whether servers are found by DNS.
    let usesDNS: Bool
    /// Whether the paths of some host's requests get one spelling.
    let normalizesPaths: Bool
    let tcpServices: [PlannedTCPService]

    var sections: [Section] {
        var sections = [globalSection, defaultsSection, peers]
        if usesDNS { sections.append(resolvers) }
        if options.isHTTPEnabled { sections.append(httpFrontend) }
        if options.isHTTPSEnabled {
            sections.append(httpsFrontend)
            if usesPassthrough { sections += passthroughSections }
        }
        sections += tcpServices.map(tcpServiceFrontend)
        if options.healthzPort != 0 { sections.append(healthzFrontend) }
        if options.statsPort != 0 { sections.append(statsFrontend) }
        sections.append(Section("backend \(SectionNames.notFound)", lines: [.init("http-request deny deny_status 404")]))
        if options.isHTTPEnabled || options.isHTTPSEnabled {
            sections.append(
                Section("backend \(SectionNames.badRequest)", lines: [.init("http-request deny deny_status 400")]))
        }
        sections.append(unavailable)
        if options.isHTTPEnabled || options.isHTTPSEnabled { sections += exits }
        if usesPassthrough && options.isHTTPSEnabled || !tcpServices.isEmpty {
            sections.append(
                Section(
                    "backend \(SectionNames.unavailableTCP)",
                    lines: [.init("mode tcp"), .init("tcp-request content reject")]))
        }
        return sections
    }

    private var globalSection: Section {
        var section = Section("global")
        section.add("default-path config")
        section.add(
            "stats socket \(options.runtimeDirectory + "/haproxy-runtime-api.sock") mode 600 level admin expose-fd listeners")
        section.add("ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets")
        section.add("localpeer \(raw: LocalPeer.name)")
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

    private var peers: Section {
        let socket = options.peerSocket
        return Section(
            "peers \(LocalPeer.section)",
            lines: [.init("bind \(raw: "unix@" + socket) mode 600"), .init("server \(raw: LocalPeer.name)")])
    }

    private var defaultsSection: Section {
        var section = Section("defaults")
        section.add("mode http")
        section.add("log global")
        section.add("option redispatch")
        section.add(global.defaultsLines)
        for option in commonOptions { section.add("option \(raw: option.name)", origin: option.origin) }
        section.add(errorPages)
        return section
    }

    /// Answers 503, and 421 to a request for a host whose TLS is passed through: it came over a connection for another host, and the
    /// client has to open one for this host (RFC 9110, section 15.5.20).
    private var unavailable: Section {
        var section = Section("backend \(SectionNames.unavailable)")
        if usesPassthrough && options.isHTTPSEnabled {
            section.add(
                "http-request return status 421 if { ssl_fc } { var(txn.host_key),map_str(\(map: "sni")) -m found }")
        }
        return section
    }

    /// Looks up the names of ExternalName Services, whose answers it keeps for 10 s. Servers of snippets keep their last addresses
    /// while the DNS does not answer.
    private var resolvers: Section {
        var section = Section("resolvers kubernetes")
        if options.hasResolverConfiguration { section.add("parse-resolv-conf") }
        section.add("hold valid 10s")
        for status in ["nx", "obsolete", "other", "refused", "timeout"] { section.add("hold \(raw: status) 7d") }
        return section
    }
}
