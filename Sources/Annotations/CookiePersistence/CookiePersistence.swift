import Core

/// Keeps a client with the pod that answered its first request, by a cookie that HAProxy inserts.
public struct CookiePersistence: RouteAnnotation {
    static let byAddress = AnnotationKey(
        "cookie-persistence", .cookieName, scopes: [.configMap, .ingress, .service], acts: .backend, update: .reload,
        since: "1.4",
        summary: "The name of a cookie whose value is made of the pod's address: the same on every replica of the controller.")

    static let byName = AnnotationKey(
        "cookie-persistence-no-dynamic", .cookieName, scopes: [.configMap, .ingress, .service], acts: .backend, update: .reload,
        since: "3.1",
        summary: """
            The name of a cookie whose value is the name of the pod's server in haproxy.cfg, which is its address and port as \
            anybody can read them, and a hash of what is asked of TLS, HTTP/2 or a PROXY header.
            """)

    public static let reference = AnnotationReference(
        family: "cookie-persistence", title: "Cookie persistence",
        summary: """
            The first answer sets the cookie, for as long as the browser runs, and later requests that carry it go to the same \
            pod; the pods never see it. A client whose pod is gone gets another one and a new cookie. A pod that is shutting \
            down keeps the clients that it has as long as it serves, and gets no new ones.

            Pods that come while HAProxy runs take part at once, and all replicas of the controller give a pod the same value, \
            so it does not matter through which one a client comes.

            The values of cookie-persistence are hashes of address, port and a key. The key is made of the Service's namespace \
            and name and the cookie's name, so it hides addresses from a casual look only: whoever knows these can find the \
            address by trying. Nothing stops a client from choosing its pod.

            With both keys the one at the nearer scope is in force. With the load-balancing algorithm static-rr, servers are \
            slots that pods move into, and cookie-persistence-no-dynamic names the slot. TLS that is passed through has no \
            cookies.
            """,
        keys: [byAddress.reference, byName.reference],
        examples: [
            AnnotationExample(
                "Sticky sessions",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(), ExampleManifest.service(annotations: [("cookie-persistence", "SHOP")])),
                leadsTo: [
                    "cookie SHOP insert indirect nocache dynamic",
                    "dynamic-cookie-key \(key(namespace: "shop", service: "web", cookie: "SHOP"))",
                ]),
            AnnotationExample(
                "A cookie that tells the pod",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [("cookie-persistence-no-dynamic", "POD")]), ExampleManifest.service()),
                leadsTo: ["cookie POD insert indirect nocache", "server 10.1.0.1:8080 10.1.0.1:8080 cookie 10.1.0.1:8080"]),
        ])

    let cookie: Resolved<String>
    let isByAddress: Bool

    public init?(_ values: AnnotationValues) throws {
        switch (try values.resolved(Self.byAddress), try values.resolved(Self.byName)) {
        case (nil, nil): return nil
        case (let address?, let name?) where address.scope == name.scope:
            values.warn(name, "has no effect beside cookie-persistence on the same object")
            (cookie, isByAddress) = (address, true)
        case (let address?, let name) where name.map({ $0.scope < address.scope }) ?? true:
            (cookie, isByAddress) = (address, true)
        case (_, let name?): (cookie, isByAddress) = (name, false)
        case (let address?, nil): (cookie, isByAddress) = (address, true)
        }
    }

    public func contribute(to route: inout RouteContribution) throws {
        guard !route.isTCP else {
            // The operator's choice for all backends need not suit each.
            if cookie.scope > .configMap { route.warn(cookie, "has no effect \(route.tcpReason)") }
            return
        }
        let (name, origin) = (cookie.value, cookie.origin)
        if isByAddress {
            let service = route.context.service
            let key = Self.key(namespace: service.namespace, service: service.name, cookie: name)
            route.backend.persist("cookie \(name) insert indirect nocache dynamic", naming: .addresses, from: origin)
            route.backend.httpOption("dynamic-cookie-key \(key)", from: origin)
            return
        }
        route.backend.persist("cookie \(name) insert indirect nocache", naming: .names, from: origin)
        // HAProxy 2.6 takes no cookie for servers that are added at run time. Such a server is found by its name, and where
        // HAProxy would take the cookie back, because it has none for the server, the client gets the name instead.
        route.backend.httpOption(
            "use-server %[req.cook(\(raw: name))] if { req.cook(\(raw: name)) -m found }", from: origin)
        let takenBack = "^\(name.replacing(".", with: "\\."))=; Expires=Thu, 01-Jan-1970 .*$"
        route.backend.httpOption(
            "http-after-response replace-header Set-Cookie \(takenBack) \"\(raw: name)=%[srv_name]; path=/\"", from: origin)
    }

    /// The key of the hash: the same in every controller.
    static func key(namespace: String, service: String, cookie: String) -> String {
        StableID.make("cookie-persistence", namespace, service, cookie)
    }
}

extension ValueType where Value == String {
    /// The name of a cookie: of the tokens that RFC 6265 allows, those that mean nothing to HAProxy.
    static let cookieName = ValueType(
        name: "cookie name", expected: "the name of a cookie made of letters, digits, dots, - and _", example: "SHOP"
    ) { text in
        guard text.isPlainHeaderName else { throw ValueError("is not the name of a cookie") }
        return text
    }
}
