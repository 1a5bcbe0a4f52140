/// Where a setting can be written. The nearest scope wins: default, then ConfigMap, then Ingress, then Service.
public enum Scope: Int, Hashable, Sendable, Comparable, CaseIterable {
    case configMap, ingress, service

    public static func < (a: Scope, b: Scope) -> Bool { a.rawValue < b.rawValue }

    public var title: String {
        switch self {
        case .configMap: "ConfigMap"
        case .ingress: "Ingress"
        case .service: "Service"
        }
    }
}

/// How a changed value reaches a running HAProxy once the feature is in use.
public enum UpdatePath: String, Hashable, Sendable, Codable {
    /// Map entries through the Runtime API; no reload.
    case map
    /// Other Runtime API commands; no reload.
    case runtime
    /// A new, checked configuration.
    case reload
}

/// The part of the configuration that a key contributes to.
public enum ConfigurationPart: String, Hashable, Sendable, Codable {
    case global, defaults, bind, frontend, backend, server, routing, controller
}
