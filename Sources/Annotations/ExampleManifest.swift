/// Parts of the complete manifests that the reference shows: one shop, seen by every handler.
enum ExampleManifest {
    static let host = "shop.example.com"

    /// An Ingress that sends a host, shop.example.com unless it is another, to port http of a Service.
    static func ingress(
        name: String = "web", host: String = host, service: String = "web", annotations: [(String, String)] = [],
        tls: Bool = false
    ) -> String {
        """
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: \(name)
          namespace: shop
        \(Self.annotations(annotations))spec:
          ingressClassName: haproxy
        \(tls ? "  tls:\n    - hosts: [\(host)]\n" : "")  rules:
            - host: \(host)
              http:
                paths:
                  - path: /
                    pathType: Prefix
                    backend:
                      service:
                        name: \(service)
                        port:
                          name: http

        """
    }

    /// A Service with one ready pod.
    static func service(name: String = "web", annotations: [(String, String)] = []) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata:
          name: \(name)
          namespace: shop
        \(Self.annotations(annotations))spec:
          selector:
            app: \(name)
          ports:
            - name: http
              port: 80
              targetPort: 8080
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata:
          name: \(name)-1
          namespace: shop
          labels:
            kubernetes.io/service-name: \(name)
        addressType: IPv4
        ports:
          - name: http
            port: 8080
        endpoints:
          - addresses: [10.1.0.1]
            conditions:
              ready: true

        """
    }

    /// The controller's ConfigMap.
    static func configMap(_ data: [(String, String)]) -> String { configMap(name: "haproxy-configmap", data) }

    /// The ConfigMap of `--configmap-patternfiles default/haproxy-patterns`.
    static func patternFiles(_ data: [(String, String)]) -> String { configMap(name: "haproxy-patterns", data) }

    private static func configMap(name: String, _ data: [(String, String)]) -> String {
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: \(name)
          namespace: default
        data:
        \(data.map { entry($0, indent: "  ") }.joined())
        """
    }

    /// A Secret.
    static func secret(namespace: String = "shop", name: String, type: String = "Opaque", stringData: [(String, String)])
        -> String
    {
        """
        apiVersion: v1
        kind: Secret
        metadata:
          name: \(name)
          namespace: \(namespace)
        type: \(type)
        stringData:
        \(stringData.map { entry($0, indent: "  ") }.joined())
        """
    }

    /// Several objects in one file.
    static func join(_ parts: String...) -> String { parts.joined(separator: "---\n") }

    private static func annotations(_ annotations: [(String, String)]) -> String {
        guard !annotations.isEmpty else { return "" }
        return "  annotations:\n" + annotations.map { entry(("haproxy.org/\($0.0)", $0.1), indent: "    ") }.joined()
    }

    /// `key: "value"`, as a block where the value has several lines.
    private static func entry(_ pair: (String, String), indent: String) -> String {
        guard pair.1.contains("\n") else {
            let quoted =
                pair.1.contains("\\") || pair.1.contains("\"") ? "'" + pair.1.replacing("'", with: "''") + "'" : "\"\(pair.1)\""
            return "\(indent)\(pair.0): \(quoted)\n"
        }
        let lines = pair.1.split(separator: "\n").map { "\(indent)  \($0)\n" }
        return "\(indent)\(pair.0): |\n" + lines.joined()
    }
}
