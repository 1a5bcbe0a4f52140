/// A TCP service that is served, and the backend behind it.
struct PlannedTCPService {
    let service: TCPService
    /// The ConfigMap and the key.
    let origin: Origin
    /// nil where connections are closed.
    var backend: Backends.Identity?
}

extension AssemblyRun {
    /// The map from the port of a TCP service to its backend.
    static let tcpServicesMap = "tcp-services"

    /// Reads the ConfigMap of `--configmap-tcp-services` and notes the backends that it needs.
    mutating func planTCPServices(in backends: inout Backends) {
        guard let name = options.tcpServicesConfigMap else { return }
        let object = ObjectKey(.configMap, namespace: name.namespace, name: name.name)
        guard let configMap = store.configMaps[object] else {
            findings.append(Finding(.warning, object: object, "does not exist; --configmap-tcp-services names it"))
            return
        }
        let taken = options.listeners
        for (key, value) in configMap.data.sorted(by: { $0.key < $1.key }) {
            func refuse(_ message: String, expected: String, example: String) {
                findings.append(
                    Finding(.error, object: object, key: key, value: value, message, expected: expected, example: example))
            }
            guard let port = TCPService.port(key) else {
                refuse("is for \(key.quotedForPeople), which is no port", expected: TCPService.expectedPort, example: "5432")
                continue
            }
            if let owner = taken[port] {
                refuse(
                    "is for port \(port), where the controller serves \(owner)", expected: "a port of its own", example: "5432")
                continue
            }
            let service: TCPService
            do { service = try TCPService(port: port, value: value) } catch {
                refuse(error.message, expected: TCPService.expected, example: TCPService.example)
                continue
            }
            if let refusal = handlers.refusals.refusal(of: object, key: key, value: value) {
                refuse("is refused by HAProxy: \(refusal)", expected: "a port that is free on this machine", example: "5432")
                continue
            }
            var planned = PlannedTCPService(service: service, origin: Origin(object: object, key: key))
            do {
                planned.backend = try backend(for: service, in: &backends)
            } catch {
                refuse(error.reason, expected: "a Service and a port that exist", example: TCPService.example)
            }
            tcpServices.append(planned)
        }
        tcpServices.sort { $0.service.port < $1.service.port }
    }

    /// nil when a protection of it cannot be built.
    private mutating func backend(
        for service: TCPService, in backends: inout Backends
    ) throws(ServiceResolution.Missing) -> Backends.Identity? {
        let resolved = try services.resolve(service.service, port: service.servicePort)
        let context = RouteContext(
            ingress: nil, service: service.service, hostHasTLS: false, externalName: services.externalName(service.service),
            isTCPService: true)
        let plan = plan(context, ingressSet: nil)
        guard plan.closedReason == nil else { return nil }
        return backends.add(service.service, for: nil, resolved: resolved, plan: plan)
    }

    /// Fills the map from ports to backends. What is not in it is closed.
    mutating func fillTCPServicesMap(names: [Backends.Identity: String]) {
        guard !tcpServices.isEmpty else { return }
        var map = MapFile(name: Self.tcpServicesMap)
        for planned in tcpServices {
            if let name = planned.backend.flatMap({ names[$0] }) { map.entries[String(planned.service.port)] = name }
        }
        state.maps[map.name] = map
    }

    /// The frontend of a TCP service. Where its connections go is in a map, so that it stays when the Service goes.
    func tcpServiceFrontend(_ planned: PlannedTCPService, global: GlobalContribution) -> Section {
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
        section.add(global.tcpFrontendLines)
        section.add("use_backend %[str(\(service.port)),map_str(\(map: Self.tcpServicesMap))]")
        section.add("default_backend \(raw: Self.unavailableTCPBackend)")
        return section
    }
}

extension EngineOptions {
    /// What the controller listens for, by port.
    fileprivate var listeners: [Int: String] {
        var listeners: [Int: String] = [:]
        if isHTTPEnabled { listeners[httpPort] = "HTTP" }
        if isHTTPSEnabled { listeners[httpsPort] = "HTTPS" }
        if servesQUIC { listeners[quicPort ?? httpsPort] = "HTTPS" }
        listeners[healthzPort] = "the health page"
        listeners[statsPort] = "the statistics"
        return listeners
    }
}
