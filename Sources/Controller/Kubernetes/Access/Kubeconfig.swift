import Core
import Foundation

/// A kubeconfig file, or several merged into one (Kubernetes documentation, "Organizing Cluster Access Using kubeconfig Files").
struct Kubeconfig: Sendable {
    struct Cluster: Sendable {
        var server: String
        var authority: DataSource?
        var isInsecure = false
        var tlsServerName: String?
        var proxyURL: String?
    }

    struct User: Sendable {
        var certificate: DataSource?
        var key: DataSource?
        var token: String?
        var tokenFile: String?
        var username: String?
        var password: String?
        var exec: ExecPlugin?
    }

    struct Context: Sendable {
        var cluster: String
        var user: String?
        var namespace: String?
    }

    /// Bytes that the file holds, or the path of a file that does.
    enum DataSource: Hashable, Sendable {
        case bytes([UInt8])
        case file(String)

        /// - Throws: ``AccessError`` when the file cannot be read.
        func read(_ what: String) throws(AccessError) -> [UInt8] {
            switch self {
            case .bytes(let bytes): return bytes
            case .file(let path):
                guard let data = FileManager.default.contents(atPath: path) else {
                    throw AccessError("\(what): \(path) cannot be read")
                }
                return Array(data)
            }
        }
    }

    var clusters: [String: Cluster] = [:]
    var users: [String: User] = [:]
    var contexts: [String: Context] = [:]
    var currentContext: String?
    /// The files it came from, for messages.
    var files: [String] = []

    /// Entries of the file that was read first win.
    mutating func merge(_ other: Kubeconfig) {
        clusters.merge(other.clusters) { first, _ in first }
        users.merge(other.users) { first, _ in first }
        contexts.merge(other.contexts) { first, _ in first }
        currentContext = currentContext ?? other.currentContext
        files += other.files
    }
}

extension Kubeconfig {
    /// Reads a file.
    ///
    /// - Throws: ``AccessError`` that names the file and what is wrong with it.
    init(path: String) throws(AccessError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw AccessError(
                "kubeconfig \(path) \(FileManager.default.fileExists(atPath: path) ? "cannot be read" : "does not exist")")
        }
        try self.init(Array(data), path: path)
    }

    init(_ bytes: [UInt8], path: String) throws(AccessError) {
        let root: Node?
        do { root = try YAMLParser.node(from: bytes, file: path) } catch {
            throw AccessError("kubeconfig \(error)")
        }
        guard let root, case .mapping = root.value else { throw AccessError("kubeconfig \(path) holds no configuration") }
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent()
        let reader = KubeconfigReader(path: path, directory: directory)
        files = [path]
        currentContext = root["current-context"]?.text.flatMap { $0.isEmpty ? nil : $0 }
        for (name, entry) in try reader.named("clusters", "cluster", in: root) {
            clusters[name] = try reader.cluster(entry, name: name)
        }
        for (name, entry) in try reader.named("users", "user", in: root) { users[name] = try reader.user(entry, name: name) }
        for (name, entry) in try reader.named("contexts", "context", in: root) {
            guard let cluster = entry["cluster"]?.text else {
                throw AccessError("kubeconfig \(path): context \(name) names no cluster")
            }
            contexts[name] = Context(cluster: cluster, user: entry["user"]?.text, namespace: entry["namespace"]?.text)
        }
    }
}

/// Reads the parts of one kubeconfig file.
private struct KubeconfigReader {
    let path: String
    let directory: URL

    /// The entries of a list of `name` and `part`; of two with one name the first counts.
    func named(_ list: String, _ part: String, in root: Node) throws(AccessError) -> [(String, Node)] {
        guard let node = root[list], !node.isNull else { return [] }
        guard case .sequence(let entries) = node.value else {
            throw AccessError("kubeconfig \(path): \(list) is not a list")
        }
        var known: Set<String> = []
        var found: [(String, Node)] = []
        for entry in entries {
            guard let name = entry["name"]?.text else {
                throw AccessError("kubeconfig \(path): an entry of \(list) has no name")
            }
            guard let body = entry[part], case .mapping = body.value else {
                throw AccessError("kubeconfig \(path): \(part) \(name) is empty")
            }
            if known.insert(name).inserted { found.append((name, body)) }
        }
        return found
    }

    func cluster(_ node: Node, name: String) throws(AccessError) -> Kubeconfig.Cluster {
        guard let server = node["server"]?.text else {
            throw AccessError("kubeconfig \(path): cluster \(name) has no server")
        }
        guard let url = URLComponents(string: server), ["http", "https"].contains(url.scheme ?? ""), url.host?.isEmpty == false
        else {
            throw AccessError(
                "kubeconfig \(path): the server of cluster \(name) is \(server.quotedForPeople), which is not an http or https URL"
            )
        }
        return Kubeconfig.Cluster(
            server: server, authority: try source("certificate-authority", of: node, in: "cluster \(name)"),
            isInsecure: node["insecure-skip-tls-verify"]?.isTrue ?? false, tlsServerName: node["tls-server-name"]?.text,
            proxyURL: node["proxy-url"]?.text)
    }

    func user(_ node: Node, name: String) throws(AccessError) -> Kubeconfig.User {
        if let plugin = node["auth-provider"], !plugin.isNull {
            throw AccessError(
                "kubeconfig \(path): user \(name) uses auth-provider, which Kubernetes 1.26 removed; use exec, a token or a certificate"
            )
        }
        return Kubeconfig.User(
            certificate: try source("client-certificate", of: node, in: "user \(name)"),
            key: try source("client-key", of: node, in: "user \(name)"), token: node["token"]?.text,
            tokenFile: node["tokenFile"]?.text.map(absolute), username: node["username"]?.text, password: node["password"]?.text,
            exec: try exec(node["exec"], user: name))
    }

    private func exec(_ node: Node?, user: String) throws(AccessError) -> ExecPlugin? {
        guard let node, !node.isNull else { return nil }
        let place = "kubeconfig \(path): exec of user \(user)"
        guard let command = node["command"]?.text, !command.isEmpty else { throw AccessError("\(place) names no command") }
        let version = node["apiVersion"]?.text ?? ""
        guard ExecPlugin.versions.contains(version) else {
            throw AccessError(
                "\(place) has apiVersion \(version.quotedForPeople); known are \(ExecPlugin.versions.joined(separator: " and "))")
        }
        var environment: [String: String] = [:]
        for variable in node["env"]?.elements ?? [] {
            if let name = variable["name"]?.text { environment[name] = variable["value"]?.text ?? "" }
        }
        return ExecPlugin(
            // A bare name is looked up in PATH, a relative path from the file's directory.
            command: command.contains("/") ? absolute(command) : command,
            arguments: (node["args"]?.elements ?? []).compactMap(\.text), environment: environment, apiVersion: version,
            installHint: node["installHint"]?.text, providesClusterInfo: node["provideClusterInfo"]?.isTrue ?? false)
    }

    /// `NAME-data` in Base64, else the file that `NAME` names.
    private func source(_ name: String, of node: Node, in owner: String) throws(AccessError) -> Kubeconfig.DataSource? {
        if let text = node["\(name)-data"]?.text, !text.isEmpty {
            // Folded text has spaces in it.
            guard let data = Data(base64Encoded: text.filter { !$0.isWhitespace }) else {
                throw AccessError("kubeconfig \(path): \(name)-data of \(owner) is not Base64")
            }
            return .bytes(Array(data))
        }
        guard let file = node[name]?.text, !file.isEmpty else { return nil }
        return .file(absolute(file))
    }

    private func absolute(_ file: String) -> String { URL(fileURLWithPath: file, relativeTo: directory).path }
}

extension Node {
    /// A scalar's text, whatever type YAML takes it for; nil for null and for what is no scalar.
    fileprivate var text: String? {
        guard case .scalar(let scalar) = value, scalar.resolved != .null else { return nil }
        return writtenText
    }
    fileprivate var isTrue: Bool {
        guard case .scalar(let scalar) = value else { return false }
        return scalar.resolved == .bool(true) || scalar.resolved == .string("true")
    }
    fileprivate var elements: [Node] {
        guard case .sequence(let elements) = value else { return [] }
        return elements
    }
}
