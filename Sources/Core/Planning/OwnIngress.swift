/// An Ingress that is ours, with what is looked up often.
struct OwnIngress {
    let ingress: Ingress
    let set: AnnotationSet
    private let tlsHosts: Set<String>

    init(ingress: Ingress, set: AnnotationSet) {
        self.ingress = ingress
        self.set = set
        tlsHosts = Set(ingress.tls.flatMap { $0.hosts.isEmpty ? ingress.rules.map { $0.host ?? "" } : $0.hosts })
    }

    /// Whether `spec.tls` covers a rule's host; a wildcard covers one label.
    func hasTLS(for host: String) -> Bool {
        if tlsHosts.contains(host) { return true }
        guard let dot = host.firstIndex(of: ".") else { return false }
        return tlsHosts.contains("*" + host[dot...])
    }
}

extension Ingress {
    /// When it was created. Without a time it counts as new.
    var age: String { metadata.creationTimestamp ?? "~" }
}
