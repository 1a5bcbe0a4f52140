import Core
import Foundation

/// v1 Event about an object that has to change (Kubernetes API reference, "Event").
struct ObjectEvent: Codable, Hashable, Sendable {
    struct Metadata: Codable, Hashable, Sendable {
        var name: String
        var namespace: String
    }

    struct Reference: Codable, Hashable, Sendable {
        var apiVersion: String
        var kind: String
        /// Missing for cluster-scoped objects.
        var namespace: String?
        var name: String
        var uid: String
    }

    struct Source: Codable, Hashable, Sendable {
        var component: String
    }

    var apiVersion: String? = "v1"
    var kind: String? = "Event"
    var metadata: Metadata
    var involvedObject: Reference
    var type: String? = "Warning"
    var reason: String?
    var message: String?
    var source: Source? = Source(component: ObjectEvent.component)
    var reportingComponent: String? = ObjectEvent.component
    var reportingInstance: String?
    var firstTimestamp: String?
    var lastTimestamp: String?
    var count: Int?

    static let component = "haproxy-ingress"
    /// What client-go allows a message, in bytes.
    private static let longestMessage = 1024
}

extension ObjectEvent {
    /// The same finding on the same object always has the same name, whoever writes it: that is what makes it one Event.
    ///
    /// - Parameters:
    ///   - resource: of which the object is.
    ///   - uid: the object's.
    ///   - instance: which controller says so.
    init(_ finding: Finding, about object: ObjectKey, of resource: APIResource, uid: String, instance: String, at date: Date) {
        let message = Self.message(finding, about: object)
        let reason = Self.reason(finding, about: object)
        let time = APITime.seconds(date)
        var prefix = String(object.name.prefix(200))
        while prefix.hasSuffix(".") || prefix.hasSuffix("-") { prefix.removeLast() }
        // Events about what is in no namespace are kept in `default`.
        metadata = Metadata(
            name: "\(prefix).\(StableID.make(uid, reason, message))",
            namespace: object.namespace.isEmpty ? "default" : object.namespace)
        involvedObject = Reference(
            apiVersion: resource.apiVersion, kind: object.kind.rawValue,
            namespace: object.namespace.isEmpty ? nil : object.namespace, name: object.name, uid: uid)
        self.reason = reason
        self.message = message
        reportingInstance = instance
        firstTimestamp = time
        lastTimestamp = time
        count = 1
    }

    /// For machines: one word for what kind of mistake it is.
    static func reason(_ finding: Finding, about object: ObjectKey) -> String {
        if finding.severity == .warning { return "ConfigurationWarning" }
        if object.kind == .configMap, finding.key != nil { return "RejectedSetting" }
        // Annotations that matter here have a prefix; paths of fields have no slash.
        return finding.key?.contains("/") == true ? "RejectedAnnotation" : "InvalidObject"
    }

    /// What the log says, without the object: that is where the Event is.
    static func message(_ finding: Finding, about object: ObjectKey) -> String {
        var finding = finding
        finding.object = nil
        finding.location = nil
        // Events are read by people who may not read Secrets.
        if object.kind == .secret {
            finding.value = nil
            finding.example = nil
        }
        let text = finding.description
        guard text.utf8.count > longestMessage else { return text }
        var short = text
        while short.utf8.count > longestMessage - 3 { short.removeLast(max(1, (short.utf8.count - longestMessage + 3) / 4)) }
        return short + "…"
    }
}
