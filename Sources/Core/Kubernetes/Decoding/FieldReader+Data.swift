import Foundation

extension FieldReader {
    mutating func configMap(_ node: Node, _ metadata: ObjectMeta) -> ConfigMap {
        ConfigMap(metadata: metadata, data: strings("data", of: node, keysAreParts: true, checkKey: ObjectValidation.dataKey))
    }

    /// Values never appear in findings.
    mutating func secret(_ node: Node, _ metadata: ObjectMeta) -> Secret {
        let type = string("type", of: node).flatMap { $0.isEmpty ? nil : $0 } ?? "Opaque"
        let encoded = strings("data", of: node, isSecret: true, keysAreParts: true, checkKey: ObjectValidation.dataKey)
        var data: [String: [UInt8]] = [:]
        for (key, text) in encoded.sorted(by: { $0.key < $1.key }) {
            if let bytes = Self.decodeBase64(text) {
                data[key] = bytes
            } else {
                fail(
                    "is not base64", at: (node["data"]?[key] ?? node).mark, key: key,
                    expected: "base64 in data, or the plain text in stringData")
            }
        }
        let plain = strings("stringData", of: node, isSecret: true, keysAreParts: true, checkKey: ObjectValidation.dataKey)
        for (key, text) in plain {
            data[key] = Array(text.utf8)
        }
        if type == "kubernetes.io/tls" {
            for key in ["tls.crt", "tls.key"] where data[key] == nil && encoded[key] == nil {
                at(.field("data")) { reader in
                    reader.fail("is required in a Secret of type kubernetes.io/tls", at: (node["data"] ?? node).mark, key: key)
                }
            }
        }
        return Secret(metadata: metadata, type: type, data: data)
    }

    /// Line ends are skipped, as Go skips them.
    private static func decodeBase64(_ text: String) -> [UInt8]? {
        let isBroken = text.utf8.contains { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        let text = isBroken ? text.filter { !$0.isNewline } : text
        return Data(base64Encoded: text).map { [UInt8]($0) }
    }
}
