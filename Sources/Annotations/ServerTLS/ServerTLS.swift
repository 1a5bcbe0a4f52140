import Core

/// TLS and HTTP/2 between HAProxy and the pods.
public struct ServerTLS: RouteAnnotation {
    static let isEnabled = AnnotationKey(
        "server-ssl", .bool, scopes: [.configMap, .ingress, .service], default: "false", acts: .server, update: .runtime,
        since: "1.4",
        summary: "Speaks TLS with the pods without looking at their certificates: whoever answers at a pod's address is trusted.")

    static let authority = AnnotationKey(
        "server-ca", .secret, scopes: [.configMap, .ingress, .service], acts: .server, update: .runtime, since: "1.5",
        example: "pods-ca",
        summary: """
            Speaks TLS with the pods and demands a certificate signed by an authority of this Secret, which holds them in \
            `tls.crt`, or in `ca.crt` when `tls.crt` is missing or is no authority's certificate.
            """)

    static let certificate = AnnotationKey(
        "server-crt", .secret, scopes: [.configMap, .ingress, .service], acts: .server, update: .runtime, since: "1.5",
        example: "ingress-client",
        summary: """
            Speaks TLS with the pods and shows them the certificate of this Secret, with the keys `tls.crt` and `tls.key`. \
            Without \
            server-ca the pods' own certificates are not looked at.
            """)

    static let `protocol` = AnnotationKey(
        "server-proto", .choice("h2"), scopes: [.configMap, .ingress, .service], acts: .server, update: .runtime, since: "1.5",
        summary: "Speaks HTTP/2 with pods in the clear. With TLS the pods choose between HTTP/2 and HTTP/1.1 themselves.")

    public static let reference = AnnotationReference(
        family: "server-tls", title: "TLS to the pods",
        summary: """
            server-ca and server-crt together are mutual TLS: each side proves with a certificate who it is. HAProxy checks \
            that an \
            authority of server-ca signed the pod's certificate and that it is in its period of validity; it does not compare \
            names and sends no SNI, because pods are reached by their addresses. Use an authority of its own for each group of \
            pods that must not stand in for another. A Service of type ExternalName has a name: it is sent as SNI, and with \
            server-ca the certificate must be for it.

            None of this takes a reload, except for static-rr and ExternalName. A renewed certificate of server-crt is shown \
            from then on. Where anything else changes, such as the authorities, each pod becomes a new server, whose name ends in \
            a hash of what is asked of it; requests under way end where they are, and none goes to a pod that was not verified \
            anew. Only where Ingresses ask for different things of one Service, and one of them changes, it may take a reload, so \
            that no request meets what another Ingress asked for.

            A server-ssl of false at a nearer scope than server-ca and server-crt turns TLS off there. When a Secret is \
            missing or \
            holds no usable certificate the routes answer 503 until it is mended: pods are never spoken to with less than was \
            asked. \
            Health checks use TLS as requests do.
            """,
        keys: [isEnabled.reference, authority.reference, certificate.reference, `protocol`.reference], isProtection: true,
        examples: [
            AnnotationExample(
                "Mutual TLS",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(),
                    ExampleManifest.service(annotations: [("server-ca", "pods-ca"), ("server-crt", "ingress-client")]),
                    ExampleManifest.secret(
                        name: "pods-ca", type: "Opaque", stringData: [("tls.crt", ExampleCertificate.authority)]),
                    ExampleManifest.secret(
                        name: "ingress-client", type: "kubernetes.io/tls",
                        stringData: [("tls.crt", ExampleCertificate.certificate), ("tls.key", ExampleCertificate.key)])),
                leadsTo: ["crt certs/server/shop_ingress-client.pem"]),
            AnnotationExample(
                "TLS without a look at the pods' certificates",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [("server-ssl", "true")]), ExampleManifest.service()),
                leadsTo: ["ssl verify none alpn h2,http/1.1"]),
            AnnotationExample(
                "HTTP/2 in the clear, as gRPC servers speak it",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(), ExampleManifest.service(annotations: [("server-proto", "h2")])),
                leadsTo: ["proto h2"]),
        ])

    /// What the servers are told of TLS; nil for none.
    let encryption: Encryption?
    /// HTTP/2 without TLS.
    let usesHTTP2: Resolved<String>?

    enum Encryption: Sendable {
        /// The value that asks for it.
        case unverified(Origin, showing: Resolved<SecretReference>?)
        case verified(by: Resolved<SecretReference>, showing: Resolved<SecretReference>?)
    }

    public init?(_ values: AnnotationValues) throws {
        let isEnabled = try values.resolved(Self.isEnabled)
        let authority = try values.resolved(Self.authority)
        let certificate = try values.resolved(Self.certificate)
        let http2 = try values.resolved(Self.protocol)
        let nearest = [authority, certificate].compactMap(\.?.scope).max()
        if let isEnabled, !isEnabled.value, let nearest, isEnabled.scope == nearest {
            values.warn(isEnabled, "has no effect beside server-ca or server-crt on the same object")
        }
        if let isEnabled, !isEnabled.value, isEnabled.scope > nearest ?? .configMap {
            encryption = nil
        } else if let authority {
            encryption = .verified(by: authority, showing: certificate)
        } else if let certificate {
            encryption = .unverified(certificate.origin, showing: certificate)
        } else if let isEnabled, isEnabled.value {
            encryption = .unverified(isEnabled.origin, showing: nil)
        } else {
            encryption = nil
        }
        usesHTTP2 = encryption == nil ? http2 : nil
        if encryption != nil, let http2 {
            let isTLSEverywhere = (nearest ?? isEnabled?.scope ?? .configMap) == .configMap
            // The operator's choice for all pods in the clear need not suit those with TLS.
            if http2.scope > .configMap || isTLSEverywhere {
                values.warn(http2, "has no effect with TLS, where the pods choose the protocol")
            }
        }
        guard encryption != nil || usesHTTP2 != nil else { return nil }
    }

    public func contribute(to route: inout RouteContribution) throws {
        // With ssl-passthrough the pods speak TLS with the client; HAProxy refuses a protocol of its own there.
        guard !route.isPassthrough else { return }
        switch encryption {
        case nil:
            guard let usesHTTP2 else { return }
            if route.isTCP {
                // The operator's choice for all backends need not suit each.
                if usesHTTP2.scope > .configMap { route.warn(usesHTTP2, "has no effect \(route.tcpReason)") }
            } else {
                route.backend.replaceableServer("proto \(usesHTTP2.value)", from: usesHTTP2.origin)
            }
        case .unverified(let origin, let certificate):
            route.backend.replaceableServer("ssl verify none \(raw: negotiation(route))", from: origin)
            name(route.context.externalName, isVerified: false, on: &route, from: origin)
            try show(certificate, on: &route)
        case .verified(let authority, let certificate):
            let pem = try authority.authorityCertificates(in: try route.secret(authority)).pem
            let path = route.file(
                ConfigurationFile(
                    path: "certs/ca/\(StableID.make([String(decoding: pem, as: UTF8.self)])).pem", content: pem, kind: .authority)
            )
            route.backend.replaceableServer("ssl verify required \(raw: negotiation(route))", from: authority.origin)
            route.backend.replaceableServer("ca-file \(path)", from: authority.origin)
            name(route.context.externalName, isVerified: true, on: &route, from: authority.origin)
            try show(certificate, on: &route)
        }
    }

    /// Checks need `check-ssl` and `check-alpn`: on HAProxy 2.6 the checks of servers that were added at run time are not
    /// encrypted without the one, and HTTP checks fail against pods that choose HTTP/2 without the other.
    private func negotiation(_ route: RouteContribution) -> String {
        // What the client of a TCP service speaks, HAProxy does not know.
        let protocols = route.isTCP ? "check-ssl" : "alpn h2,http/1.1 check-ssl check-alpn h2,http/1.1"
        // From 3.3 on the client's Host would become the SNI, and pods' certificates would have to carry its name.
        return route.environment.capabilities.isAtLeast(3, 3) ? "\(protocols) no-sni-auto no-check-sni-auto" : protocols
    }

    /// Tells servers outside the cluster which name is meant, and has their certificates compared with it.
    private func name(_ name: String?, isVerified: Bool, on route: inout RouteContribution, from origin: Origin) {
        guard let name else { return }
        // An address is no SNI (RFC 6066, section 3).
        if IPNetwork(name) == nil { route.backend.replaceableServer("sni \("str(\(name))") check-sni \(name)", from: origin) }
        if isVerified { route.backend.replaceableServer("verifyhost \(name)", from: origin) }
    }

    private func show(_ certificate: Resolved<SecretReference>?, on route: inout RouteContribution) throws {
        guard let certificate else { return }
        func file(_ bundle: CertificateBundle) -> ConfigurationFile {
            ConfigurationFile(
                path: "certs/server/\(certificate.namespace)_\(certificate.value.name).pem", content: bundle.pem,
                kind: .certificate)
        }
        guard let bundle = try route.certificates(certificate, parts: [.tls], file: file).first else { return }
        let path = route.file(file(bundle))
        route.backend.replaceableServer("crt \(path)", from: certificate.origin)
    }
}
