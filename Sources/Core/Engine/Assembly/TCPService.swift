/// An entry of the ConfigMap that `--configmap-tcp-services` names: where connections to a port go.
struct TCPService: Hashable, Sendable {
    static let expectedPort = "a key that is a port from 1 to 65535"
    static let expected = "namespace/service:port, with :ssl behind it where HAProxy is to end TLS"
    static let example = "databases/postgres:5432"

    let port: Int
    let service: ObjectKey
    let servicePort: PortReference
    /// Whether TLS ends in HAProxy, with the certificates of HTTPS.
    let endsTLS: Bool

    /// The port that a key of the ConfigMap stands for; nil for anything else.
    static func port(_ key: String) -> Int? {
        guard let port = Int(key), String(port) == key, (1...65_535).contains(port) else { return nil }
        return port
    }

    /// - Throws: ``ValueError`` when the value is not `namespace/service:port[:ssl]`.
    init(port: Int, value: String) throws(ValueError) {
        let parts = value.trimmingWhitespace.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first.flatMap({ EngineOptions.ObjectName($0) }) else {
            throw ValueError("does not begin with the namespace and the name of a Service")
        }
        guard parts.count > 1, let servicePort = Self.servicePort(parts[1]) else {
            throw ValueError("names no port of the Service")
        }
        guard parts.count == 2 || parts.count == 3 && parts[2] == "ssl" else {
            throw ValueError("holds something else than :ssl behind the port")
        }
        self.port = port
        service = ObjectKey(.service, namespace: name.namespace, name: name.name)
        self.servicePort = servicePort
        endsTLS = parts.count == 3
    }

    private static func servicePort(_ text: String) -> PortReference? {
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return port(text).map(PortReference.number) }
        return text.isDNSSubdomain ? .name(text) : nil
    }
}
