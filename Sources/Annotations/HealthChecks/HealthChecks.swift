import Core

/// Whether and how HAProxy asks the pods if they are well.
public struct HealthChecks: RouteAnnotation {
    static let isEnabled = AnnotationKey(
        "check", .bool, scopes: [.configMap, .ingress, .service], default: "true", acts: .server, update: .reload, since: "1.4",
        summary:
            "Opens a connection to every pod now and then; a pod that does not accept it gets no requests until it does again.")

    static let request = AnnotationKey(
        "check-http", .healthCheckRequest, scopes: [.configMap, .ingress, .service], acts: .backend, update: .reload,
        since: "1.4",
        summary: """
            Sends an HTTP request with each check; only answers with a status of 2xx or 3xx count as healthy. OPTIONS is the \
            method and \
            HTTP/1.0 the version unless they are given.
            """)

    static let interval = AnnotationKey(
        "check-interval", .duration(atLeast: .milliseconds(1)), scopes: [.configMap, .ingress, .service], acts: .server,
        update: .reload, since: "1.4", example: "10s", summary: "The time between two checks of a pod; two seconds without it.")

    static let timeout = AnnotationKey(
        "timeout-check", .duration(atLeast: .milliseconds(1)), scopes: [.configMap, .ingress, .service], acts: .backend,
        update: .reload, since: "1.4", example: "5s",
        summary: "How long a pod may take to answer a check once the connection stands; the time between checks without it.")

    public static let reference = AnnotationReference(
        family: "health-checks", title: "Health checks",
        summary: """
            Kubernetes checks pods itself and HAProxy follows its verdict; HAProxy's own checks notice sooner that a pod \
            cannot be \
            reached from here. Where the pods are reached with TLS the checks use TLS too. From HTTP/1.1 on the request \
            carries the \
            Service's name as its Host. The checks of all Services of a namespace have a bound, `--limits namespace-checks` \
            (5,000 a second unless told otherwise): Services with younger routes that find no room in it are not checked, and told. \
            Services of type ExternalName are not checked: their addresses are looked up when \
            requests come.
            """,
        keys: [isEnabled.reference, request.reference, interval.reference, timeout.reference],
        examples: [
            AnnotationExample(
                "A request to /healthz every ten seconds",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(),
                    ExampleManifest.service(annotations: [
                        ("check-http", "GET /healthz HTTP/1.1"), ("check-interval", "10s"), ("timeout-check", "3s"),
                    ])),
                leadsTo: [
                    "option httpchk",
                    "http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host web.shop.svc",
                    "timeout check 3s",
                ]),
            AnnotationExample(
                "Checks for the pods of one Service alone",
                manifest: ExampleManifest.join(
                    ExampleManifest.configMap([("check", "false")]), ExampleManifest.ingress(),
                    ExampleManifest.service(annotations: [("check", "true")])),
                leadsTo: ["default-server check"]),
        ])

    let isEnabled: Resolved<Bool>?
    let request: Resolved<HealthCheckRequest>?
    let interval: Resolved<Duration>?
    let timeout: Resolved<Duration>?

    public init?(_ values: AnnotationValues) throws {
        isEnabled = try values.resolved(Self.isEnabled)
        request = try values.resolved(Self.request)
        let limits = values.environment.limits
        var interval = try values.resolved(Self.interval)
        if let asked = interval, asked.scope > .configMap, asked.value < .milliseconds(limits[.checkInterval]) {
            let shortest = Duration.milliseconds(limits[.checkInterval]).haproxyNotation
            values.note(
                asked.error(
                    "is shorter than \(shortest); \(limits.description(of: .checkInterval))", expected: "at least \(shortest)"))
            interval = nil
        }
        self.interval = interval
        timeout = try values.boundedTimeout(Self.timeout)
        guard isEnabled?.value ?? true else {
            func warn<Value>(_ setting: Resolved<Value>?) {
                // The operator's checks for all backends need not suit those without.
                guard let setting, setting.scope > .configMap || isEnabled?.scope == .configMap else { return }
                values.warn(setting, "has no effect with check: false")
            }
            warn(request)
            warn(interval)
            warn(timeout)
            return nil
        }
    }

    public func contribute(to route: inout RouteContribution) throws {
        route.backend.check(
            every: interval.map { Traced($0.value, origin: $0.origin) }, from: isEnabled?.origin ?? Origin(key: "health-checks"))
        if let timeout { route.backend.option("timeout check \(timeout.value)", from: timeout.origin) }
        guard let request else { return }
        route.backend.option("option httpchk", from: request.origin)
        let service = route.context.service
        route.backend.option(
            request.value.line(host: "\(service.name).\(service.namespace).svc"), from: request.origin)
        // The pods of a passthrough route speak TLS, and HAProxy does not otherwise.
        if route.isPassthrough { route.backend.server("check-ssl verify none check-alpn http/1.1", from: request.origin) }
    }
}

/// The request of an HTTP health check.
struct HealthCheckRequest: Hashable, Sendable {
    var method: String?
    let uri: String
    var version: String?

    /// The `http-check send` line (configuration manual, section 4.2).
    func line(host: String) -> Directive {
        switch (method, version) {
        case (nil, _): "http-check send uri \(uri)"
        case (let method?, nil): "http-check send meth \(method) uri \(uri)"
        case (let method?, "HTTP/1.0"): "http-check send meth \(method) uri \(uri) ver HTTP/1.0"
        // RFC 9112, section 3.2: a request without Host is refused from HTTP/1.1 on.
        case (let method?, let version?): "http-check send meth \(method) uri \(uri) ver \(version) hdr Host \(literal: host)"
        }
    }
}

extension ValueType where Value == HealthCheckRequest {
    /// `URI`, `METHOD URI` or `METHOD URI VERSION`.
    static let healthCheckRequest = ValueType(
        name: "URI, METHOD URI or METHOD URI VERSION",
        expected: "a URI, with a method in front and an HTTP version behind if need be",
        example: "GET /healthz HTTP/1.1"
    ) { text in
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard (1...3).contains(words.count) else { throw ValueError("holds \(words.count) words") }
        let uri = words.count == 1 ? words[0] : words[1]
        guard uri.hasPrefix("/") || uri == "*" else {
            throw ValueError("holds \(uri.quotedForPeople), which does not begin with /")
        }
        guard uri.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw ValueError("holds \(uri.quotedForPeople), which a request cannot carry unescaped")
        }
        var request = HealthCheckRequest(uri: uri)
        if words.count > 1 {
            guard words[0].isToken else { throw ValueError("holds \(words[0].quotedForPeople), which is not an HTTP method") }
            request.method = words[0]
        }
        if words.count > 2 {
            guard ["HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/2.0"].contains(words[2]) else {
                throw ValueError("holds \(words[2].quotedForPeople), which is not an HTTP version")
            }
            request.version = words[2]
        }
        return request
    }
}
