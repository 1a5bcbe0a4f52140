import BenchmarkSupport
import Foundation

/// An object as a manifest, which may hold any text in any field.
struct SoakObject: Sendable {
    /// Of the file that holds it.
    let file: String
    let text: Data

    enum Kind: String {
        case ingress = "Ingress"
        case service = "Service"
        case endpointSlice = "EndpointSlice"
        case secret = "Secret"
        case configMap = "ConfigMap"

        fileprivate var apiVersion: String {
            switch self {
            case .ingress: "networking.k8s.io/v1"
            case .endpointSlice: "discovery.k8s.io/v1"
            case .service, .secret, .configMap: "v1"
            }
        }
    }

    /// - Parameters:
    ///   - annotations: keys without their prefix.
    ///   - created: as in `creationTimestamp`.
    ///   - content: the fields beside `metadata`.
    init(
        _ kind: Kind, namespace: String, name: String, annotations: [String: String] = [:], labels: [String: String] = [:],
        created: String, content: [String: Any]
    ) throws {
        file = "\(kind.rawValue.lowercased())-\(namespace)-\(name)"
        var metadata: [String: Any] = ["namespace": namespace, "name": name, "creationTimestamp": created]
        if !annotations.isEmpty {
            metadata["annotations"] = Dictionary(uniqueKeysWithValues: annotations.map { ("haproxy.org/\($0.key)", $0.value) })
        }
        if !labels.isEmpty { metadata["labels"] = labels }
        let object = content.merging([
            "apiVersion": kind.apiVersion, "kind": kind.rawValue, "metadata": metadata,
        ]) { $1 }
        text = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
    }

    /// A path of an Ingress's rule.
    static func path(_ path: String, _ type: String, service: String, port: Any = "http") -> [String: Any] {
        let reference = port is String ? ["name": port] : ["number": port]
        return ["path": path, "pathType": type, "backend": ["service": ["name": service, "port": reference]]]
    }

    static func rule(host: String?, paths: [[String: Any]]) -> [String: Any] {
        var rule: [String: Any] = ["http": ["paths": paths]]
        if let host { rule["host"] = host }
        return rule
    }

    static func data(_ values: [String: [UInt8]]) -> [String: String] { values.mapValues { Data($0).base64EncodedString() } }
}

extension ManifestCluster {
    func put(_ object: SoakObject) throws { try put(object.text, as: object.file) }
}
