extension StaticSections {
    /// The frontend of a TCP service. Where its connections go is in a map, so that it stays when the Service goes.
    func tcpServiceFrontend(_ planned: PlannedTCPService) -> Section {
        let service = planned.service
        var section = Section("frontend tcp-\(service.port)", origin: planned.origin)
        section.add("mode tcp")
        let tls = service.endsTLS ? global.tcpServiceBindOptions : []
        let keywords = service.endsTLS ? " ssl crt-list \(CertificateList.path)" + Self.keywords(tls).text : ""
        for bind in binds(port: service.port, Directive(raw: keywords)) {
            section.lines.append(tls.isEmpty ? .init(bind, origin: planned.origin) : .init(bind, parts: tls))
        }
        // What protects HTTPS, such as the verification of clients, is missing here too.
        if service.endsTLS, let origin = global.closed[.https] { section.add("tcp-request connection reject", origin: origin) }
        if let format = planned.logFormat {
            let others = global.tcpFrontendLines.filter { line in
                !["log-format ", "option tcplog"].contains { line.value.text.hasPrefix($0) }
            }
            section.add(others + [format])
        } else {
            section.add(global.tcpFrontendLines)
        }
        section.add("use_backend %[str(\(service.port)),map_str(\(map: SectionNames.tcpServicesMap))]")
        section.add("default_backend \(raw: SectionNames.unavailableTCP)")
        return section
    }
}
