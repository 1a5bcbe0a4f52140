extension StaticSections {
    /// - Parameter threads: those that take the connections; nil for all.
    func binds(port: Int, _ keywords: Directive, threads: ThreadSet? = nil) -> [Directive] {
        let keywords = keywords.text + (threads?.keywords.text ?? "")
        var binds: [Directive] = []
        if let address = options.ipv4Address { binds.append("bind \(address + ":" + String(port))\(raw: keywords)") }
        if let address = options.ipv6Address {
            binds.append("bind \("[" + address + "]:" + String(port))\(raw: onlyIPv6 + keywords)")
        }
        return binds
    }

    /// Keeps listeners at all addresses of IPv6 from those of IPv4. At an IPv4 address in the notation of IPv6 nobody could listen
    /// then.
    private var onlyIPv6: String {
        options.ipv6Address.flatMap { IPAddress($0)?.mappedIPv4 } == nil ? " v6only" : ""
    }

    /// The request's way through the routing maps; see Docs/how-it-works.md.
    ///
    /// They are `tcp-request content` rules, which requests for most hosts leave after the first look-up. Leaving would pass over
    /// such rules of a snippet as well: beside these the routing rules are `http-request` rules, and all requests pass them all. So
    /// they do while some host's paths are given one spelling, which takes such rules.
    private var routing: [Directive] {
        let verb = passesAll ? "http-request" : "tcp-request content"
        let first: [Directive] = [
            // The whole field but a port: of a list, req.hdr would take the last member, and host_only forgets what follows a
            // port, but pods see all.
            "\(raw: verb) set-var(txn.host) req.fhdr(host),regsub(:[0-9]*$,),lower,rtrim(.)",
            "\(raw: verb) set-var(txn.route) var(txn.host),map_str(\(map: SectionNames.wholeHostsMap))",
        ]
        let leave: [Directive] =
            passesAll ? [] : ["tcp-request content accept if { var(txn.route) -m found }"]
        let hosts: [Directive] = [
            "\(raw: verb) set-var(txn.host_key) var(txn.host),map_str(\(map: "host")) \(raw: Self.unlessFound)",
            // Hosts with a rule of their own are names by definition, so that their requests are not looked at.
            """
            \(raw: verb) set-var(txn.route) str(\(raw: SectionNames.badRequest)) \(raw: Self.unlessFound) \
            !{ var(txn.host_key) -m found } { var(txn.host) -m found } !{ var(txn.host) -m reg \(Self.hostExpression) }
            """,
            """
            \(raw: verb) set-var(txn.host_key) var(txn.host),regsub(^[^.]*,),map_str(\(map: "host")) \
            \(raw: Self.unlessFound) !{ var(txn.host_key) -m found }
            """,
            "\(raw: verb) set-var(txn.host_key) str() \(raw: Self.unlessFound) !{ var(txn.host_key) -m found }",
        ]
        let paths: [Directive] = [
            "\(raw: verb) set-var(txn.path) path \(raw: Self.unlessFound)",
            """
            \(raw: verb) set-var(txn.route) var(txn.host_key),concat(,txn.path),map_str(\(map: "path-exact")) \
            \(raw: Self.unlessFound)
            """,
            """
            \(raw: verb) set-var(txn.route) var(txn.host_key),concat(,txn.path,/),map_beg(\(map: "path-prefix")) \
            \(raw: Self.unlessFound)
            """,
            """
            \(raw: verb) set-var(txn.route) str(\(raw: SectionNames.defaultKey)),map_str(\(map: "path-exact")) \
            \(raw: Self.unlessFound)
            """,
        ]
        return first + leave + hosts + (normalizesPaths ? normalization : []) + paths
    }

    /// Whether all requests pass all routing rules.
    private var passesAll: Bool { global.hasConnectionSnippet || normalizesPaths }

    /// The path's spelling, where the host asks for that.
    private var normalization: [Directive] {
        [
            """
            http-request set-var(txn.normalization) var(txn.host),concat(/),map_str(\(map: NormalizationTable.map)) \
            if { var(txn.route) -m found }
            """,
            """
            http-request set-var(txn.normalization) var(txn.host_key),concat(/),map_str(\(map: NormalizationTable.map)) \
            \(raw: Self.unlessFound)
            """,
        ] + PathNormalizationMode.rules
    }

    /// What a host can be, in lower case and without its port: letters, digits, `.`, `-` and `_`, an IPv6 address, or nothing
    /// (RFC 9110, section 7.2; RFC 3986, section 3.2.2, allows more, which no name in the DNS has).
    private static let hostExpression = "^([a-z0-9._-]*|[[][0-9a-f:.]+])$"

    private static let unlessFound = "if !{ var(txn.route) -m found }"

    var httpFrontend: Section {
        var section = Section("frontend http")
        for bind in binds(port: options.httpPort, Self.keywords(global.bindOptions), threads: options.httpThreads) {
            section.lines.append(.init(bind, parts: global.bindOptions))
        }
        addConnectionRules(to: &section)
        addHTTPRules(to: &section, of: .http)
        return section
    }

    var httpsFrontend: Section {
        var section = Section("frontend https")
        let tls = " ssl crt-list \(CertificateList.path)" + Self.keywords(global.tlsBindOptions).text
        if usesPassthrough {
            let keywords = tls + (options.httpsThreads?.keywords.text ?? "")
            section.lines.append(
                .init(
                    "bind \(raw: "unix@" + terminationSocket) mode 600 accept-proxy\(raw: keywords)",
                    parts: global.tlsBindOptions))
        } else {
            let keywords = Directive(raw: Self.keywords(global.bindOptions).text + tls)
            for bind in binds(port: options.httpsPort, keywords, threads: options.httpsThreads) {
                section.lines.append(.init(bind, parts: global.bindOptions + global.tlsBindOptions))
            }
            addConnectionRules(to: &section)
        }
        if options.servesQUIC { addQUIC(to: &section) }
        addHTTPRules(to: &section, of: .https)
        return section
    }

    /// Listens on UDP, and tells those who come by TCP. What is meant for TCP listeners has no place on these.
    private func addQUIC(to section: inout Section) {
        let port = options.quicPort ?? options.httpsPort
        let tls = " ssl crt-list \(CertificateList.path) alpn h3" + Self.keywords(global.quicBindOptions).text
        var binds: [Directive] = []
        if let address = options.ipv4Address { binds.append("bind \("quic4@\(address):\(port)")\(raw: tls)") }
        if let address = options.ipv6Address { binds.append("bind \("quic6@[\(address)]:\(port)")\(raw: onlyIPv6 + tls)") }
        for bind in binds { section.lines.append(.init(bind, parts: global.quicBindOptions)) }
        if let age = global.quicMaximumAge {
            let service = "h3=\":\(options.announcedQUICPort ?? port)\"; ma=\(age.value)"
            section.add("http-after-response set-header alt-svc \(service)", origin: age.origin)
        }
    }

    /// Rules for the connections of clients. They read maps, so that a running frontend may keep them.
    private func addConnectionRules(to section: inout Section) {
        for line in global.connectionLines { section.add(line.value, origin: line.origin, feature: "connection/\(line.value)") }
    }

    private func addHTTPRules(to section: inout Section, of frontend: GlobalContribution.Frontend) {
        for (slot, length) in captureLengths.enumerated() {
            section.add("declare capture request len \(length)", feature: "capture/\(slot)/\(length)")
        }
        for line in routing { section.add(line) }
        // Behind the other routing rules, so that leaving them passes over nothing else.
        if !passesAll {
            section.lines += conditions.rules("tcp-request content", within: options.environment.limits)
        }
        if let origin = global.closed[frontend] { section.add("http-request deny deny_status 503", origin: origin) }
        // A pod that says yes to it gets what follows on the connection past all rules. WebSockets over HTTP/2 are no CONNECT here.
        section.add("http-request deny deny_status 405 if METH_CONNECT")
        // For every request, in place of what the client says. Over plain HTTP a load balancer may have said it.
        if frontend == .https { section.add("http-request set-header X-Forwarded-Proto https") }
        // A line that no target takes would be made and thrown away, which is much of what a request costs. A snippet may set
        // another level.
        if !global.logsRequests { section.add("http-request set-log-level silent") }
        if passesAll { section.lines += conditions.rules("http-request", within: options.environment.limits) }
        section.add("http-request set-var(txn.settings) var(txn.route),field(2,.)")
        section.add(global.requestVariables, "http-request", \.requestActions)
        section.add(global.frontendLines)
        if global.allowsInlinedSettings {
            // Routes without settings, and those whose backends have them, need none of the rules below.
            for verb in ["http-request", "http-after-response"] {
                section.add("\(raw: verb) allow if !{ var(txn.settings) -m found }")
            }
        }
        for owned in rules {
            for line in owned.rules.lines { section.lines.append(owned.line(line)) }
        }
        // A backend that a snippet chooses is chosen after ours.
        let choice =
            global.frontendSnippet.firstIndex { $0.value.text.hasPrefix("use_backend ") } ?? global.frontendSnippet.endIndex
        section.add(snippet: global.frontendSnippet)
        section.lines.insert(contentsOf: exitLines, at: section.lines.count - (global.frontendSnippet.endIndex - choice))
        // What names no backend goes to the default one (configuration manual, section 4.2, "use_backend").
        section.add("use_backend %[var(txn.route),field(1,.)]")
        section.add("default_backend \(raw: SectionNames.notFound)")
    }

    /// How requests leave the frontends before their route's backend.
    private var exitLines: [Section.Line] {
        rules.compactMap { owned in
            owned.rules.exit.map { owned.line("use_backend \($0.backend) if \(raw: $0.condition.text)") }
        }
    }

    /// The backends of requests that the frontends' rules send elsewhere.
    var exits: [Section] {
        rules.compactMap { owned in
            owned.rules.exit.map { exit in Section("backend \(exit.backend)", lines: exit.lines.map(owned.line)) }
        }
    }

    static func keywords(_ options: [Traced<Directive>]) -> Directive {
        Directive(raw: options.map { " " + $0.value.text }.joined())
    }

    private var terminationSocket: String { options.terminationSocket }

    /// The frontend that looks at the SNI, and the way from it to the frontend that ends TLS.
    var passthroughSections: [Section] {
        var frontend = Section("frontend tls")
        frontend.add("mode tcp")
        let keywords = Self.keywords(global.bindOptions)
        for bind in binds(port: options.httpsPort, keywords, threads: options.httpsThreads) { frontend.add(bind) }
        frontend.add(global.tcpFrontendLines)
        addConnectionRules(to: &frontend)
        frontend.add("tcp-request inspect-delay 5s")
        frontend.add("tcp-request content set-var(txn.host) req.ssl_sni,lower if { req.ssl_hello_type 1 }")
        frontend.add("tcp-request content set-var(txn.route) var(txn.host),map_str(\(map: "sni"))")
        frontend.add(
            """
            tcp-request content set-var(txn.route) var(txn.host),regsub(^[^.]*,),map_str(\(map: "sni")) \
            if !{ var(txn.route) -m found } !{ var(txn.host),map_str(\(map: "host")) -m found }
            """)
        frontend.add("tcp-request content set-var(txn.settings) var(txn.route),field(2,.)")
        frontend.add(global.connectionVariables, "tcp-request content", \.connectionActions)
        for owned in rules {
            for line in owned.rules.passthroughLines ?? [] {
                frontend.lines.append(owned.line(line))
            }
        }
        // What goes on to the frontend that ends TLS is logged there.
        frontend.add("tcp-request content set-log-level silent if !{ var(txn.route) -m found }")
        frontend.add("tcp-request content accept if { req.ssl_hello_type 1 }")
        frontend.add("use_backend %[var(txn.route),field(1,.)] if { var(txn.route) -m found }")
        frontend.add("default_backend \(raw: SectionNames.termination)")
        let termination = Section(
            "backend \(SectionNames.termination)",
            lines: [.init("mode tcp"), .init("server tls-termination \(raw: "unix@" + terminationSocket) send-proxy-v2")])
        return [frontend, termination]
    }

    var healthzFrontend: Section {
        var section = Section("frontend healthz")
        for bind in binds(port: options.healthzPort, "", threads: options.healthzThreads) { section.add(bind) }
        section.add("monitor-uri /healthz")
        section.add("option dontlog-normal")
        return section
    }

    var statsFrontend: Section {
        var section = Section("frontend stats")
        for bind in binds(port: options.statsPort, "", threads: options.statsThreads) { section.add(bind) }
        section.add("option dontlog-normal")
        let variables = SnippetVariable.named(in: global.statsSnippet)
        section.add(variables.filter { !$0.value.isOfRoute }, "http-request", \.requestActions)
        if options.environment.capabilities.hasPrometheusExporter {
            section.add("http-request use-service prometheus-exporter if { path /metrics }")
        }
        section.add("stats enable")
        section.add("stats uri /")
        section.add("stats refresh 10s")
        section.add(snippet: global.statsSnippet)
        return section
    }
}
