/// Who decides what holds for a whole host, and who takes requests at one path, where several namespaces want to.
public enum HostOwnership: String, Hashable, Sendable, CaseIterable {
    /// The namespace of the oldest Ingress with a rule for the host decides about TLS passthrough, certificates and the default
    /// backend of the host. At one host and path all routes are of the namespace that was there first. Other namespaces may have
    /// other paths of the host.
    case namespace
    /// Namespaces trust each other: of several that want the same the oldest Ingress has it, whoever has the host.
    case shared
}
