/// Manifests of a small cluster, in YAML as people write it.
enum Manifests {
    /// An Ingress of namespace shop.
    static func ingress(
        _ name: String = "web", namespace: String = "shop", host: String? = "shop.example.com", path: String = "/",
        pathType: String = "Prefix", service: String = "web", port: String = "name: http", annotations: [String: String] = [:],
        tls: String? = nil, created: String? = nil
    ) -> String {
        """
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: \(name)
          namespace: \(namespace)
        \(created.map { "  creationTimestamp: \"\($0)\"\n" } ?? "")\(block(annotations))spec:
        \(tls.map { "  tls: [{hosts: [\(host.map { "\"\($0)\"" } ?? "")], secretName: \($0)}]\n" } ?? "")  rules:
            - \(host.map { "host: \"\($0)\"\n      " } ?? "")http:
                paths:
                  - path: \(path)
                    pathType: \(pathType)
                    backend: {service: {name: \(service), port: {\(port)}}}
        ---

        """
    }

    /// A Service with port http (80) and an EndpointSlice with pods at `NET.<n>`, port 8080.
    static func service(
        _ name: String = "web", namespace: String = "shop", pods: [Int] = [1], annotations: [String: String] = [:]
    ) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata:
          name: \(name)
          namespace: \(namespace)
        \(block(annotations))spec:
          ports: [{name: http, port: 80, targetPort: 8080}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: \(name)-1, namespace: \(namespace), labels: {kubernetes.io/service-name: \(name)}}
        addressType: IPv4
        ports: [{name: http, port: 8080}]
        endpoints: [\(pods.map { "{addresses: [NET.\($0)], conditions: {ready: true}}" }.joined(separator: ", "))]
        ---

        """
    }

    /// What a slice says about an endpoint.
    enum Condition: String {
        case ready = "{ready: true}"
        case unready = "{ready: false, serving: false, terminating: false}"
        /// Shut down, but still answering.
        case terminating = "{ready: false, serving: true, terminating: true}"
    }

    /// A further EndpointSlice of a Service: pods by number, port 8080.
    static func slice(of service: String = "web", namespace: String = "shop", _ pods: KeyValuePairs<Int, Condition>) -> String {
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: \(service)-2, namespace: \(namespace), labels: {kubernetes.io/service-name: \(service)}}
        addressType: IPv4
        ports: [{name: http, port: 8080}]
        endpoints: [\(pods.map { "{addresses: [NET.\($0)], conditions: \($1.rawValue)}" }.joined(separator: ", "))]
        ---

        """
    }

    /// An EndpointSlice that API servers take, with a port that there is not.
    static let brokenSlice = """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: broken, namespace: shop, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{name: http, port: 70000}]
        endpoints: []

        """

    /// The controller's ConfigMap.
    static func configMap(_ data: [String: String]) -> String {
        let lines = data.sorted { $0.key < $1.key }.map { "  \($0.key): \(json($0.value))\n" }.joined()
        return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: haproxy-configmap, namespace: default}\ndata:\n\(lines)---\n"
    }

    static func secret(_ name: String, namespace: String = "shop", type: String = "Opaque", _ data: [String: String]) -> String {
        let lines = data.sorted { $0.key < $1.key }.map { "  \(json($0.key)): \(json($0.value))\n" }.joined()
        return
            "apiVersion: v1\nkind: Secret\nmetadata: {name: \(name), namespace: \(namespace)}\ntype: \(type)\nstringData:\n\(lines)---\n"
    }

    /// Annotations, without prefix.
    private static func block(_ annotations: [String: String]) -> String {
        guard !annotations.isEmpty else { return "" }
        return "  annotations:\n"
            + annotations.sorted { $0.key < $1.key }.map { "    haproxy.org/\($0.key): \(json($0.value))\n" }.joined()
    }

    /// A JSON string is a double-quoted YAML scalar.
    private static func json(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
