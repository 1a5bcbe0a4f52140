import TestSupport

/// A tenant who means well: a host with a feature of its own, two Services, and perhaps a certificate.
struct SoakTenant: Sendable {
    /// The feature that a tenant's host is known by.
    enum Feature: CaseIterable {
        case plain, requestHeader, cors, basicAuthentication, allowList, denyList, rateLimit, pathRewrite, redirect, routeACL
        case setHost, responseHeader, stickiness, snippet, timeouts, pathNormalization
    }

    /// Older than everything of the hostile tenant.
    static let created = "2020-01-01T00:00:00Z"

    let index: Int
    let podPort: Int
    /// The hash of ``password``.
    let passwordHash: String
    var certificate: [String: [UInt8]]?
    /// How often the pods were replaced.
    var generation = 0
    /// How often the value of an annotation changed.
    var value = 0
    var extraHosts: [String] = []
    var extraPaths: [String] = []

    static let password = "open"

    init(_ index: Int, podPort: Int, passwordHash: String) {
        self.index = index
        self.podPort = podPort
        self.passwordHash = passwordHash
    }

    var feature: Feature { Feature.allCases[index % Feature.allCases.count] }
    var hasCertificate: Bool { certificate != nil }
    var namespace: String { "tenant-\(index)" }
    var host: String { "tenant-\(index).example.com" }

    /// The beginning of the addresses of the tenant's pods.
    var network: String { "127.\(1 + index / 250).\(index % 250)." }
    var address: String { "\(network)\(1 + generation % 250)" }
    /// Of the second Service's pod.
    var otherAddress: String { "127.\(101 + index / 250).\(index % 250).1" }
    private var mark: String { "v\(index)-" }

    // MARK: - Objects

    func objects() throws -> [SoakObject] {
        var objects = [try service("main"), try service("other"), try slice("main", address), try slice("other", otherAddress)]
        if let certificate { objects.append(try secret("certificate", certificate)) }
        if feature == .basicAuthentication { objects.append(try secret("users", ["alice": Array(passwordHash.utf8)])) }
        return objects + [try ingress()]
    }

    func ingress() throws -> SoakObject {
        var paths = [
            // An exact path is more specific than a prefix, whoever has that.
            SoakObject.path("/", "Exact", service: "main"), SoakObject.path("/", "Prefix", service: "main"),
            SoakObject.path("/other", "Prefix", service: "other"),
        ]
        paths += extraPaths.map { SoakObject.path($0, "Prefix", service: "other") }
        let rules = ([host] + extraHosts).map { SoakObject.rule(host: $0, paths: paths) }
        var spec: [String: Any] = ["rules": rules]
        if hasCertificate { spec["tls"] = [["hosts": [host], "secretName": "certificate"]] }
        return try SoakObject(
            .ingress, namespace: namespace, name: "main", annotations: annotations, created: Self.created, content: ["spec": spec]
        )
    }

    func slice(_ service: String, _ address: String) throws -> SoakObject {
        try SoakObject(
            .endpointSlice, namespace: namespace, name: "\(service)-x7k2p", labels: ["kubernetes.io/service-name": service],
            created: Self.created,
            content: [
                "addressType": "IPv4", "endpoints": [["addresses": [address], "conditions": ["ready": true]]],
                "ports": [["name": "http", "protocol": "TCP", "port": podPort]],
            ])
    }

    private func service(_ name: String) throws -> SoakObject {
        var annotations: [String: String] = [:]
        if feature == .routeACL, name == "main" { annotations["route-acl"] = "req.hdr(x-key) -m str \(mark)" }
        if index.isMultiple(of: 2) { annotations["check"] = "false" }
        return try SoakObject(
            .service, namespace: namespace, name: name, annotations: annotations, created: Self.created,
            content: ["spec": ["ports": [["name": "http", "port": 80, "targetPort": 8080]]]])
    }

    private func secret(_ name: String, _ values: [String: [UInt8]]) throws -> SoakObject {
        try SoakObject(
            .secret, namespace: namespace, name: name, created: Self.created, content: ["data": SoakObject.data(values)])
    }

    private var annotations: [String: String] {
        let own: [String: String] =
            switch feature {
            case .plain, .routeACL: [:]
            case .requestHeader: ["request-set-header": "X-Site \(mark)\(value)"]
            case .cors: ["cors-enable": "true", "cors-allow-origin": "https://\(mark)x.example.com"]
            case .basicAuthentication: ["auth-type": "basic-auth", "auth-secret": "users"]
            case .allowList: ["allow-list": "127.0.0.0/8"]
            case .denyList: ["deny-list": "127.0.0.0/8"]
            case .rateLimit: ["rate-limit-requests": "\(1_000_000 + index)", "rate-limit-period": "10s"]
            case .pathRewrite: ["path-rewrite": "^/here/(.*) /there/\(mark)/\\1"]
            case .redirect: ["request-redirect": "\(mark)\(value).example.org"]
            case .setHost: ["set-host": "\(mark)x.internal"]
            case .responseHeader: ["response-set-header": "X-Answer \(mark)\(value)"]
            case .stickiness: ["load-balance": "leastconn", "cookie-persistence": "pod"]
            case .snippet: ["backend-config-snippet": "http-response set-header X-Snippet \(mark)"]
            case .timeouts: ["timeout-server": "\(30 + index % 20)s", "timeout-queue": "3s", "pod-maxconn": "1000"]
            case .pathNormalization: ["path-normalization": "safe"]
            }
        return own.merging(["ssl-redirect": "false"]) { own, _ in own }
    }

    // MARK: - Requests

    /// Requests whose answers are the same whatever changes the tenant makes.
    var probes: [Probe] {
        let probe = basicProbe
        switch feature {
        case .basicAuthentication:
            var stranger = Probe(host: host)
            stranger.status = 401
            return [probe, stranger]
        case .routeACL:
            var stranger = Probe(host: host)
            // Everybody may have the default backend.
            (stranger.status, stranger.excluded) = (nil, network)
            return [probe, stranger]
        default: return [probe]
        }
    }

    private var basicProbe: Probe {
        var probe = Probe(host: host, body: [network])
        switch feature {
        case .plain, .rateLimit, .allowList, .timeouts: break
        case .pathNormalization: probe.path = "/a/../here"
        case .requestHeader: probe.body.append(" \(mark)")
        case .cors:
            probe.headers = [("Origin", "https://\(mark)x.example.com")]
            probe.header = ("access-control-allow-origin", "https://\(mark)x.example.com")
        case .basicAuthentication: probe.headers = [("Authorization", "Basic \(Self.credentials)")]
        case .denyList: (probe.status, probe.body) = (403, [])
        case .pathRewrite:
            probe.path = "/here/a"
            probe.body.append(" /there/\(mark)/a ")
        case .redirect:
            (probe.status, probe.body) = (302, [])
            probe.header = ("location", mark)
        case .routeACL: probe.headers = [("X-Key", mark)]
        case .setHost: probe.body.append(" \(mark)x.internal")
        case .responseHeader: probe.header = ("x-answer", mark)
        case .stickiness: probe.header = ("set-cookie", "pod=")
        case .snippet: probe.header = ("x-snippet", mark)
        }
        return probe
    }

    private static var credentials: String { SoakObject.data(["": Array("alice:\(password)".utf8)])[""] ?? "" }

    // MARK: - Changes

    enum Change: CaseIterable {
        /// The pods are replaced.
        case endpoints
        /// A host comes or goes.
        case host
        /// A path that leads to the second Service comes or goes.
        case path
        /// The value of an annotation changes.
        case value
    }

    /// The changes of this tenant that requests can see.
    var changes: [Change] {
        switch feature {
        case .denyList: []
        case .redirect: [.value]
        case .requestHeader, .responseHeader: Change.allCases
        default: [.endpoints, .host, .path]
        }
    }

    /// Makes a change.
    ///
    /// - Returns: the object that changed, and the request that shows it.
    mutating func apply(_ change: Change, number: Int) throws -> (SoakObject, Probe) {
        var probe = basicProbe
        switch change {
        case .endpoints:
            generation += 1
            probe.body.append("\(address) ")
            return (try slice("main", address), probe)
        case .host:
            if extraHosts.count > 2 {
                probe = Probe(host: extraHosts.removeFirst(), status: nil, excluded: network)
            } else {
                extraHosts.append("extra-\(number).\(host)")
                probe.host = extraHosts.last ?? host
            }
        case .path:
            let isNew = extraPaths.count < 3
            let path = isNew ? "/part-\(number)" : extraPaths.removeFirst()
            if isNew { extraPaths.append(path) }
            probe.path = path
            probe.body = isNew ? [otherAddress] : [network]
            if feature == .routeACL, isNew { probe.headers = [] }
        case .value:
            value += 1
            switch feature {
            case .requestHeader: probe.body.append(" \(mark)\(value) ")
            case .responseHeader: probe.header = ("x-answer", "\(mark)\(value)")
            default: probe.header = ("location", "\(mark)\(value).")
            }
        }
        return (try ingress(), probe)
    }
}
