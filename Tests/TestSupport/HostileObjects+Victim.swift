import Core

extension HostileObjects {
    /// The objects of a tenant with several features in use: authentication, a list of networks, CORS, a rate limit, headers and TLS.
    ///
    /// - Parameters:
    ///   - network: of the pods; the victim's is at 1, port 8080.
    ///   - certificate: for ``victimHost``.
    public static func victim(network: String, certificate: CertificateIssuer.Issued) -> String {
        func ingress(_ name: String, _ host: String, _ paths: [(String, String)], tls: Bool = false, _ annotations: [String])
            -> String
        {
            """
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata:
              name: \(name)
              namespace: shop
              creationTimestamp: "2000-01-01T00:00:00Z"
              annotations:
                haproxy.org/ssl-redirect: "false"
            \(annotations.map { "    haproxy.org/\($0)\n" }.joined())spec:
            \(tls ? "  tls: [{hosts: [\(host)], secretName: tls}]\n" : "")  rules:
                - host: \(host)
                  http:
                    paths:
            \(paths.map { "          - {path: \($0), pathType: \($1), backend: {service: {name: web, port: {name: http}}}}\n" }.joined())---

            """
        }
        return
            // Nobody has a more specific path at the places that are asked for.
            ingress(
                "web", victimHost, [("/", "Prefix"), ("/", "Exact"), ("/login", "Exact"), ("/login", "Prefix")], tls: true,
                [
                    #"request-set-header: "X-Shop yes""#, #"cors-enable: "true""#,
                    #"cors-allow-origin: "https://shop.example.org""#,
                ])
            + ingress(
                "admin", victimHost, [("/admin", "Prefix"), ("/admin", "Exact")], ["auth-type: basic-auth", "auth-secret: users"])
            + ingress("inside", "inside.example.com", [("/", "Prefix")], ["allow-list: 192.0.2.0/24"])
            + ingress(
                "limited", "limited.example.com", [("/", "Prefix")],
                [#"rate-limit-requests: "1""#, "rate-limit-period: 1h", #"rate-limit-status-code: "429""#])
                + """
                apiVersion: v1
                kind: Service
                metadata: {name: web, namespace: shop}
                spec:
                  ports: [{name: http, port: 80, targetPort: 8080}]
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
                addressType: IPv4
                ports: [{name: http, port: 8080}]
                endpoints: [{addresses: [\(network)1], conditions: {ready: true}}]
                ---
                apiVersion: v1
                kind: Secret
                metadata: {name: users, namespace: shop}
                stringData:
                  demo: $6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/1GM/O6IND4WQhG.
                ---

                """ + secret(namespace: "shop", certificate)
    }

    /// Another tenant's certificate, in a Secret that hostile Ingresses name.
    public static func secret(namespace: String, _ certificate: CertificateIssuer.Issued) -> String {
        func block(_ text: String) -> String { text.split(separator: "\n").map { "    \($0)\n" }.joined() }
        return """
            apiVersion: v1
            kind: Secret
            metadata: {name: tls, namespace: \(namespace)}
            type: kubernetes.io/tls
            stringData:
              tls.crt: |
            \(block(certificate.certificateText))  tls.key: |
            \(block(certificate.keyText))---

            """
    }
}
