import Core

/// Handlers of the tests: the smallest that use each ability.
enum TestHandlers {
    static let all: [any AnnotationHandler.Type] = [
        Greeting.self, Pace.self, Guarded.self, Visitors.self, ThroughTLS.self, FixedPool.self, Limit.self, Visa.self,
        ClassName.self,
        Crowd.self, Sticky.self, Sealed.self, OnlyWhen.self, OnlyIf.self, House.self,
    ]

    static func key<Value>(
        _ name: String, _ type: ValueType<Value>, _ scopes: Set<Scope> = [.configMap, .ingress, .service],
        older: [String] = [], full: [String] = []
    ) -> AnnotationKey<Value> {
        AnnotationKey(
            name, type, scopes: scopes, acts: .backend, update: .reload, since: "1.0", olderNames: older, fullNames: full,
            summary: name)
    }

    static func reference(_ family: String, _ keys: [KeyReference], protects: Bool = false) -> AnnotationReference {
        AnnotationReference(
            family: family, title: family, summary: family, keys: keys, isProtection: protects, examples: [])
    }
}

/// A value of routes that a fixed rule reads from a map.
struct Greeting: RouteAnnotation {
    static let key = TestHandlers.key("greeting", .line, older: ["welcome", "hello"])
    static let reference = TestHandlers.reference("greeting", [key.reference])
    let text: String

    init?(_ values: AnnotationValues) throws {
        guard let text = try values[Self.key] else { return nil }
        self.text = text
    }

    func contribute(to route: inout RouteContribution) throws {
        try route.set("greeting", to: text)
        route.use(
            FrontendRules(
                id: "greeting", phase: .headers, ["http-request set-var(txn.greeting) \(routeValue: "greeting")"],
                inlined: { values in
                    values["greeting"].map { ["http-request set-var(txn.greeting) \("str(\($0))")"] } ?? []
                }))
    }
}

/// A setting of backends.
struct Pace: RouteAnnotation {
    static let key = TestHandlers.key("pace", .duration)
    static let reference = TestHandlers.reference("pace", [key.reference])
    let pace: Duration

    init?(_ values: AnnotationValues) throws {
        guard let pace = try values[Self.key] else { return nil }
        self.pace = pace
    }

    func contribute(to route: inout RouteContribution) throws { route.backend.option("timeout server \(pace)") }
}

/// A protection, with a Secret and a rule that only HTTP has.
struct Guarded: RouteAnnotation {
    static let key = TestHandlers.key("guard", .choice("strict", "lenient", "off"))
    static let secretKey = TestHandlers.key("guard-secret", .secret)
    static let reference = TestHandlers.reference("guard", [key.reference, secretKey.reference], protects: true)
    let mode: String
    let secret: Resolved<SecretReference>?

    init?(_ values: AnnotationValues) throws {
        guard let mode = try values[Self.key], mode != "off" else { return nil }
        self.mode = mode
        secret = try values.resolved(Self.secretKey)
    }

    func contribute(to route: inout RouteContribution) throws {
        route.backend.rule(.accessControl, "http-request set-var(txn.guard) str(\(mode))")
        if let secret { _ = try route.secret(secret) }
    }
}

/// Networks in the shared map of addresses.
struct Visitors: RouteAnnotation {
    static let key = TestHandlers.key("visitors", .addresses)
    static let reference = TestHandlers.reference("visitors", [key.reference], protects: true)
    let source: Resolved<AddressSource>

    init?(_ values: AnnotationValues) throws {
        guard let source = try values.resolved(Self.key) else { return nil }
        self.source = source
    }

    func contribute(to route: inout RouteContribution) throws {
        route.use(FrontendRules.source)
        let lines: [Directive] = [
            "http-request set-var(txn.visitors) \(routeValue: "visitors")",
            """
            http-request deny if { var(txn.visitors) -m found } \
            !{ var(txn.visitors),concat(:,txn.source),map_beg(\(map: "addresses")) -m found }
            """,
        ]
        let passthrough: [Directive] = [
            "tcp-request content set-var(txn.visitors) \(routeValue: "visitors")",
            """
            tcp-request content reject if { var(txn.visitors) -m found } \
            !{ var(txn.visitors),concat(:,txn.source),map_beg(\(map: "addresses")) -m found }
            """,
        ]
        route.use(FrontendRules(id: "visitors", phase: .accessControl, lines, passthrough: passthrough))
        route.set("visitors", to: try route.addresses(source))
    }
}

/// TLS goes through to the pods.
struct ThroughTLS: RoutingAnnotation {
    static let key = TestHandlers.key("through", .bool)
    static let reference = TestHandlers.reference("through", [key.reference])

    init?(_ values: AnnotationValues) throws {
        guard try values[Self.key] == true else { return nil }
    }

    func contribute(to route: inout RouteContribution) throws { route.isPassthrough = true }
}

/// An algorithm that takes no servers at run time.
struct FixedPool: RouteAnnotation {
    static let key = TestHandlers.key("fixed-pool", .bool)
    static let reference = TestHandlers.reference("fixed-pool", [key.reference])

    init?(_ values: AnnotationValues) throws {
        guard try values[Self.key] == true else { return nil }
    }

    func contribute(to route: inout RouteContribution) throws {
        route.backend.balance("balance static-rr", acceptsDynamicServers: false)
    }
}

/// A limit of servers that changes at run time.
struct Crowd: RouteAnnotation {
    static let key = TestHandlers.key("crowd", .integer(1...1000))
    static let reference = TestHandlers.reference("crowd", [key.reference])
    let limit: Int

    init?(_ values: AnnotationValues) throws {
        guard let limit = try values[Self.key] else { return nil }
        self.limit = limit
    }

    func contribute(to route: inout RouteContribution) throws { route.backend.limitServers(to: limit) }
}

/// A cookie whose values are made of addresses.
struct Sticky: RouteAnnotation {
    static let key = TestHandlers.key("sticky", .bool)
    static let reference = TestHandlers.reference("sticky", [key.reference])

    init?(_ values: AnnotationValues) throws {
        guard try values[Self.key] == true else { return nil }
    }

    func contribute(to route: inout RouteContribution) throws {
        route.backend.persist("cookie STICKY insert dynamic", naming: .addresses)
    }
}

/// A file whose change replaces servers.
struct Sealed: RouteAnnotation {
    static let key = TestHandlers.key("seal", .integer(1...9))
    static let reference = TestHandlers.reference("seal", [key.reference])
    let number: Int

    init?(_ values: AnnotationValues) throws {
        guard let number = try values[Self.key] else { return nil }
        self.number = number
    }

    func contribute(to route: inout RouteContribution) throws {
        let path = route.file(
            ConfigurationFile(path: "certs/ca/\(number).pem", content: [UInt8(number)], kind: .authority))
        route.backend.server("ssl verify required")
        route.backend.replaceableServer("ca-file \(path)")
    }
}

/// A setting of the whole process that changes at run time.
struct Limit: GlobalAnnotation {
    static let key = TestHandlers.key("limit", .integer(1...1000), [.configMap])
    static let reference = TestHandlers.reference("limit", [key.reference])
    let limit: Int

    init?(_ values: AnnotationValues) throws {
        guard let limit = try values[Self.key] else { return nil }
        self.limit = limit
    }

    func contribute(to global: inout GlobalContribution) throws { global.limitConnections(to: limit) }
}

/// An authority of clients.
struct Visa: GlobalAnnotation {
    static let key = TestHandlers.key("visa", .line, [.configMap])
    static let reference = TestHandlers.reference("visa", [key.reference], protects: true)
    let text: String

    init?(_ values: AnnotationValues) throws {
        guard let text = try values[Self.key] else { return nil }
        self.text = text
    }

    func contribute(to global: inout GlobalContribution) throws {
        let file = ConfigurationFile(path: "certs/client-ca.pem", content: Array(text.utf8), kind: .clientAuthority)
        global.tlsBind("ca-file \(global.file(file))")
    }
}

/// What holds for the whole HAProxy, with all that handlers may contribute there.
struct House: GlobalAnnotation {
    static let key = TestHandlers.key("house", .secret, [.configMap])
    static let tidy = TestHandlers.key("house-tidy", .bool, [.configMap])
    static let reference = TestHandlers.reference("house", [key.reference, tidy.reference])
    let secret: Resolved<SecretReference>?
    let isTidy: Bool

    init?(_ values: AnnotationValues) throws {
        secret = try values.resolved(Self.key)
        isTidy = try values[Self.tidy] ?? true
    }

    func contribute(to global: inout GlobalContribution) throws {
        global.removesUnusedCertificates = isTidy
        guard let secret else { return }
        let bundles = try CertificateBundle.all(in: global.secret(secret)).map { try $0.bundle.get() }
        global.defaultCertificates = bundles
        global.listsDefaultCertificate = bundles.count == 1
        let name = secret.raw.replacing("/", with: "-")
        let path = global.file(ConfigurationFile(path: "house", content: Array(name.utf8), kind: .plain))
        global.global("setenv HOUSE \(path)-\(name)")
        try global.addEntry(to: "greeting", key: "house", value: name)
        try global.addEntry(to: "house", key: name, value: "here")
        global.connection("tcp-request connection set-var(sess.house) src,map_ip(\(map: "house"))")
    }
}

/// The older way to name a class.
struct ClassName: IngressSelection {
    static let key = TestHandlers.key("class", .line, [.ingress], full: ["kubernetes.io/ingress.class"])
    static let reference = TestHandlers.reference("class", [key.reference])
    let className: String

    init?(_ values: AnnotationValues) throws {
        guard let name = try values[Self.key] else { return nil }
        className = name
    }
}

/// A condition on requests: they carry a header of that name.
struct OnlyWhen: RoutingAnnotation {
    static let key = TestHandlers.key("only-when", .headerName, [.service])
    static let reference = TestHandlers.reference("only-when", [key.reference], protects: true)
    let header: Resolved<String>

    init?(_ values: AnnotationValues) throws {
        guard let header = try values.resolved(Self.key) else { return nil }
        self.header = header
    }

    func contribute(to route: inout RouteContribution) throws {
        route.condition = RouteCondition("req.hdr(\(raw: header.value)) -m found", from: header.origin)
    }
}

/// A condition on requests: an ACL.
struct OnlyIf: RoutingAnnotation {
    static let key = TestHandlers.key("only-if", .acl, [.service])
    static let reference = TestHandlers.reference("only-if", [key.reference], protects: true)
    let acl: Resolved<ACLExpression>

    init?(_ values: AnnotationValues) throws {
        guard let acl = try values.resolved(Self.key) else { return nil }
        self.acl = acl
    }

    func contribute(to route: inout RouteContribution) throws {
        route.condition = RouteCondition(acl.value.directive, isNegated: acl.value.isNegated, from: acl.origin)
    }
}
