/// An entry of the ConfigMap that `--configmap-tcp-services` names: where connections to a port go.
struct TCPService: Hashable, Sendable {
    /// The key of the ConfigMap that is no port.
    static let logFormatKey = "log-format-tcp"
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

    /// What is wrong with an entry.
    struct Rejection: Error {
        let message: String
        let expected: String
        let example: String

        func finding(object: ObjectKey, key: String, value: String) -> Finding {
            Finding(.error, object: object, key: key, value: value, message, expected: expected, example: example)
        }
    }

    /// - Parameters:
    ///   - taken: what the controller itself listens for, by port.
    ///   - refusal: why HAProxy does not want the entry.
    init(key: String, value: String, taken: [Int: String], refusal: String?) throws(Rejection) {
        guard let port = Self.port(key) else {
            throw Rejection(
                message: "is for \(key.quotedForPeople), which is no port", expected: Self.expectedPort, example: "5432")
        }
        if let owner = taken[port] {
            throw Rejection(
                message: "is for port \(port), where the controller serves \(owner)", expected: "a port of its own",
                example: "5432")
        }
        func reject(_ message: String) -> Rejection {
            Rejection(message: message, expected: Self.expected, example: Self.example)
        }
        let parts = value.trimmingWhitespace.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first.flatMap({ EngineOptions.ObjectName($0) }) else {
            throw reject("does not begin with the namespace and the name of a Service")
        }
        guard parts.count > 1, let servicePort = Self.servicePort(parts[1]) else {
            throw reject("names no port of the Service")
        }
        guard parts.count == 2 || parts.count == 3 && parts[2] == "ssl" else {
            throw reject("holds something else than :ssl behind the port")
        }
        if let refusal {
            throw Rejection(
                message: "is refused by HAProxy: \(refusal)", expected: "a port that is free on this machine", example: "5432")
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

/// A TCP service that has a frontend.
struct PlannedTCPService: Equatable {
    let service: TCPService
    /// The ConfigMap and the key.
    let origin: Origin
    /// The line of the ConfigMap's own format for log lines; nil for that of all TCP frontends.
    let logFormat: Traced<Directive>?
}

extension EngineOptions {
    /// What the controller listens for, by port.
    var listeners: [Int: String] {
        var listeners: [Int: String] = [:]
        if isHTTPEnabled { listeners[httpPort] = "HTTP" }
        if isHTTPSEnabled { listeners[httpsPort] = "HTTPS" }
        if servesQUIC { listeners[quicPort ?? httpsPort] = "HTTPS" }
        listeners[healthzPort] = "the health page"
        listeners[statsPort] = "the statistics"
        return listeners
    }
}
