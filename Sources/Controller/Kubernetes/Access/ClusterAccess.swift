import Core
import Foundation

/// How to reach an API server and as whom.
struct ClusterAccess: Sendable {
    var cluster: Kubeconfig.Cluster
    var user: Kubeconfig.User
    /// The controller's own namespace, where it is known.
    var namespace: String?
    /// Where this came from, for messages and the log.
    var source: String

    /// The access that people would expect: the file of `--kubeconfig`; else the files of `$KUBECONFIG`; else a service account;
    /// else `~/.kube/config`. Outside of a cluster (`--external`) a service account is not looked for.
    ///
    /// - Parameter serviceAccount: where a pod has its service account's token.
    /// - Throws: ``AccessError`` that says which file, context or variable is to blame.
    static func find(
        kubeconfig path: String?, isExternal: Bool, environment: [String: String],
        serviceAccount: String = ServiceAccount.directory
    ) throws(AccessError) -> ClusterAccess {
        if let path { return try ClusterAccess(Kubeconfig(path: path)) }
        let listed = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
        if !listed.isEmpty {
            var merged = Kubeconfig()
            // As kubectl does it: files that are not there are passed over.
            for path in listed where FileManager.default.fileExists(atPath: path) { merged.merge(try Kubeconfig(path: path)) }
            guard !merged.files.isEmpty else {
                throw AccessError("KUBECONFIG names no file that exists: \(listed.joined(separator: ", "))")
            }
            return try ClusterAccess(merged)
        }
        if !isExternal, let account = try ServiceAccount.access(environment: environment, directory: serviceAccount) {
            return account
        }
        let home = environment["HOME"].map { URL(fileURLWithPath: $0).appendingPathComponent(".kube/config").path }
        if let home, FileManager.default.fileExists(atPath: home) { return try ClusterAccess(Kubeconfig(path: home)) }
        throw AccessError(
            """
            no API server is known: give --kubeconfig FILE or set KUBECONFIG\
            \(isExternal ? "" : ", run in a pod with a service account"), or give --manifests DIR to do without one
            """)
    }

    /// The current context of a kubeconfig.
    init(_ config: Kubeconfig) throws(AccessError) {
        let files = config.files.joined(separator: ", ")
        guard let name = config.currentContext ?? (config.contexts.count == 1 ? config.contexts.keys.first : nil) else {
            throw AccessError(
                "kubeconfig \(files) has no current-context; its contexts are \(Self.list(config.contexts.keys))")
        }
        guard let context = config.contexts[name] else {
            throw AccessError(
                "kubeconfig \(files) has no context \(name.quotedForPeople), which is its current-context; it has \(Self.list(config.contexts.keys))"
            )
        }
        guard let cluster = config.clusters[context.cluster] else {
            throw AccessError("kubeconfig \(files): context \(name) names cluster \(context.cluster), which is not there")
        }
        var user = Kubeconfig.User()
        if let userName = context.user {
            guard let found = config.users[userName] else {
                throw AccessError("kubeconfig \(files): context \(name) names user \(userName), which is not there")
            }
            user = found
        }
        self.cluster = cluster
        self.user = user
        namespace = context.namespace
        source = "kubeconfig \(files), context \(name)"
    }

    init(cluster: Kubeconfig.Cluster, user: Kubeconfig.User, namespace: String?, source: String) {
        self.cluster = cluster
        self.user = user
        self.namespace = namespace
        self.source = source
    }

    private static func list(_ names: some Sequence<String>) -> String {
        let names = names.sorted()
        return names.isEmpty ? "none" : names.joined(separator: ", ")
    }
}

/// What Kubernetes gives every pod (Kubernetes documentation, "Accessing the Kubernetes API from a Pod").
enum ServiceAccount {
    static let directory = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// nil outside of a pod.
    static func access(environment: [String: String], directory: String = directory) throws(AccessError) -> ClusterAccess? {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], let port = environment["KUBERNETES_SERVICE_PORT"] else {
            return nil
        }
        let place = URL(fileURLWithPath: directory)
        let token = place.appendingPathComponent("token").path
        guard FileManager.default.fileExists(atPath: token) else {
            throw AccessError("\(token) does not exist: the pod has no service account, or automountServiceAccountToken is false")
        }
        return ClusterAccess(
            cluster: Kubeconfig.Cluster(
                server: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)",
                authority: .file(place.appendingPathComponent("ca.crt").path)),
            user: Kubeconfig.User(tokenFile: token),
            namespace: namespace(in: directory), source: "service account \(directory)")
    }

    private static func namespace(in directory: String) -> String? {
        FileManager.default.contents(atPath: URL(fileURLWithPath: directory).appendingPathComponent("namespace").path)
            .map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    /// The namespace of the pod that this process runs in: `POD_NAMESPACE`, else that of the service account; nil outside of a pod.
    static func namespace(environment: [String: String], directory: String = directory) -> String? {
        if let given = environment["POD_NAMESPACE"], !given.isEmpty { return given }
        return environment["KUBERNETES_SERVICE_HOST"] == nil ? nil : namespace(in: directory)
    }
}
