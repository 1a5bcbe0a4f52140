import Core
import Foundation
import TestSupport
import Testing

/// A real API server to which `deploy/` is applied, spoken to by kubectl as its administrator.
struct DeployedCluster: Sendable {
    static let namespace = "haproxy-controller"
    static let name = "haproxy-kubernetes-ingress"
    /// The kubeconfig of an administrator of a cluster that is there for tests, with a controller manager and without other
    /// tests; nil where there is none. It need not run pods.
    static let kubeconfig = ProcessInfo.processInfo.environment["DEPLOY_TEST_KUBECONFIG"]

    let pods: String
    let certificate: TestCertificates
    private let server: URLComponents
    private let authority: Data

    init(pods network: String) async throws {
        pods = network
        certificate = try TestCertificates()
        let config = try await Self.kubectl("config", "view", "--raw", "--minify", "-o", "json")
        let cluster = (try Self.json(config)["clusters"] as? [[String: Any]])?.first?["cluster"] as? [String: Any]
        server = try #require(URLComponents(string: cluster?["server"] as? String ?? ""))
        authority = try #require(Data(base64Encoded: cluster?["certificate-authority-data"] as? String ?? ""))
    }

    // MARK: - kubectl

    @discardableResult
    static func kubectl(_ arguments: String..., input: String? = nil) async throws -> String {
        let result = try await tryKubectl(arguments, input: input)
        try #require(result.status == 0, "kubectl \(arguments.joined(separator: " ")): \(result.errors)")
        return result.output
    }

    static func tryKubectl(_ arguments: [String], input: String? = nil) async throws -> ProgramResult {
        var arguments = ["kubectl", "--kubeconfig", try #require(kubeconfig)] + arguments
        let directory = try TemporaryDirectory("kubectl")
        defer { directory.remove() }
        if let input { arguments += ["-f", try directory.write("input.yaml", input).path] }
        return try await run(URL(fileURLWithPath: "/usr/bin/env"), arguments)
    }

    static func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    static func directory(_ path: String) -> String { Programs.root.appendingPathComponent(path).path }

    // MARK: - What is in it

    /// Applies `deploy/`, so that all rights are there, and a small application with a mistake in each kind of object that
    /// the API server lets have one.
    func prepare() async throws {
        try await Self.kubectl("apply", "-k", Self.directory("deploy"))
        // What tests before this one left.
        try await Self.kubectl("delete", "ingress,secret,rolebinding", "-n", "shop", "--all")
        try await Self.kubectl("delete", "leases", "-n", Self.namespace, "--all")
        let versions = try await Self.kubectl("api-versions")
        let slices = versions.contains("discovery.k8s.io/v1\n") ? "discovery.k8s.io/v1" : "discovery.k8s.io/v1beta1"
        try await Self.kubectl("apply", input: application().replacingOccurrences(of: "discovery.k8s.io/v1", with: slices))
        try await Self.kubectl(
            "patch", "configmap", Self.name, "-n", Self.namespace, "--type", "merge", "-p", #"{"data":{"maxconn":"many"}}"#)
        try await Self.kubectl(
            "patch", "service", Self.name, "-n", Self.namespace, "--subresource", "status", "--type", "merge", "-p",
            #"{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.7"}]}}}"#)
    }

    /// Names a Secret that nothing named so far: the controller has to get it.
    func nameAnotherSecret() async throws {
        let secret = try tlsSecret("late-tls", host: "late.example.com")
        try await Self.kubectl("apply", input: secret)
        let ingress = Manifests.ingress("late", host: "late.example.com", tls: "late-tls")
        try await Self.kubectl("apply", input: Self.withClass(ingress))
    }

    private static func withClass(_ ingress: String) -> String {
        ingress.replacingOccurrences(of: "spec:\n", with: "spec:\n  ingressClassName: haproxy\n")
    }

    private func tlsSecret(_ name: String, host: String) throws -> String {
        let leaf = try certificate.leaf(host)
        let data = ["tls.crt": leaf.certificate, "tls.key": leaf.key].mapValues { String(decoding: $0, as: UTF8.self) }
        return Manifests.secret(name, type: "kubernetes.io/tls", data)
    }

    private func application() throws -> String {
        let ingress = Manifests.ingress(annotations: ["timeout-server": "soon"], tls: "web-tls")
        return """
            apiVersion: v1
            kind: Namespace
            metadata: {name: shop}
            ---
            \(Manifests.service(annotations: ["load-balance": "the-best"]).replacingOccurrences(of: "NET.", with: pods))
            \(Self.withClass(ingress))
            \(try tlsSecret("web-tls", host: "shop.example.com"))
            \(Manifests.brokenSlice)
            """
    }

    /// The reasons of the Events of the controller, by the object that they are about, such as `Ingress web`.
    func events() async throws -> [String: String] {
        let list = try Self.json(try await Self.kubectl("get", "events", "-A", "-o", "json"))["items"] as? [[String: Any]] ?? []
        return list.reduce(into: [:]) { reasons, event in
            guard event["reportingComponent"] as? String == "haproxy-ingress",
                let object = event["involvedObject"] as? [String: Any]
            else { return }
            reasons["\(object["kind"] ?? "") \(object["name"] ?? "")"] = event["reason"] as? String
        }
    }

    // MARK: - The controller, as its pod runs it

    /// Runs the controller with the arguments of the Deployment, as its service account.
    ///
    /// - Parameter further: arguments behind those.
    func withController(_ further: [String] = [], _ body: (TestController) async throws -> Void) async throws {
        let account = try TemporaryDirectory("account")
        defer { account.remove() }
        try account.write("token", try await Self.kubectl("create", "token", Self.name, "-n", Self.namespace))
        try account.write("namespace", Self.namespace)
        try account.write("ca.crt", authority)
        let deployment = try Self.json(try await Self.kubectl("get", "deployment", Self.name, "-n", Self.namespace, "-o", "json"))
        let arguments = try #require(Self.container(of: deployment)?["args"] as? [String])
        try await TestController.with(
            [:], pods: ["pod-1"], network: pods, arguments: arguments.filter { !$0.hasPrefix("--admin-bind") } + further,
            source: ["--service-account-dir", account.path, "--allow-loopback-endpoints"],
            environment: [
                "KUBERNETES_SERVICE_HOST": server.host ?? "", "KUBERNETES_SERVICE_PORT": String(server.port ?? 443),
                "KUBECONFIG": "", "POD_NAME": "pod-1", "POD_NAMESPACE": Self.namespace,
            ], body)
    }

    private static func container(of workload: [String: Any]) -> [String: Any]? {
        let template = (workload["spec"] as? [String: Any])?["template"] as? [String: Any]
        return ((template?["spec"] as? [String: Any])?["containers"] as? [[String: Any]])?.first
    }
}
