import Core
import Foundation
import TestSupport
import Testing

@testable import Controller

@Suite struct KubeconfigTests {
    private static let whole = """
        apiVersion: v1
        kind: Config
        current-context: two
        clusters:
        - name: one
          cluster: {server: "https://one.example.com:6443", insecure-skip-tls-verify: true, tls-server-name: api.internal, proxy-url: "http://proxy:3128"}
        - name: 2
          cluster: {server: "https://192.0.2.1", certificate-authority: pki/ca.crt}
        users:
        - name: certificate
          user: {client-certificate-data: Y2VydA==, client-key: /keys/key.pem}
        - name: token
          user: {token: secret, tokenFile: token.txt}
        - name: basic
          user: {username: admin, password: 12345}
        - name: plugin
          user:
            exec:
              apiVersion: client.authentication.k8s.io/v1
              command: ./get-token
              args: [--cluster, one]
              env: [{name: A, value: b}]
              installHint: apt-get install get-token
              provideClusterInfo: true
        contexts:
        - name: one
          context: {cluster: one, user: plugin, namespace: web}
        - name: two
          context: {cluster: "2", user: token}
        - name: open
          context: {cluster: one}
        """

    private func parse(_ text: String) throws -> Kubeconfig { try Kubeconfig(Array(text.utf8), path: "/home/me/.kube/config") }

    @Test func `Clusters, users and contexts are read, with paths relative to the file`() throws {
        let config = try parse(Self.whole)
        let access = try ClusterAccess(config)
        #expect(access.cluster.server == "https://192.0.2.1")
        #expect(access.cluster.authority == .file("/home/me/.kube/pki/ca.crt"))
        #expect(access.user.tokenFile == "/home/me/.kube/token.txt" && access.user.token == "secret")
        let one = try #require(config.clusters["one"])
        #expect(one.isInsecure && one.tlsServerName == "api.internal" && one.proxyURL == "http://proxy:3128")
        #expect(config.users["certificate"]?.certificate == .bytes(Array("cert".utf8)))
        #expect(config.users["certificate"]?.key == .file("/keys/key.pem"))
        #expect(config.users["basic"]?.password == "12345")
        let exec = try #require(config.users["plugin"]?.exec)
        #expect(
            exec.command == "/home/me/.kube/get-token" && exec.arguments == ["--cluster", "one"] && exec.environment == ["A": "b"]
        )
        #expect(config.contexts["one"]?.namespace == "web")
    }

    @Test(arguments: [
        ("", "holds no configuration"), ("- a", "holds no configuration"), ("a: [", "kubeconfig /home/me/.kube/config"),
        ("clusters: x", "clusters is not a list"),
        ("clusters: [{cluster: {server: https://a}}]", "an entry of clusters has no name"),
        ("clusters: [{name: a}]", "cluster a is empty"), ("clusters: [{name: a, cluster: {x: y}}]", "cluster a has no server"),
        ("clusters: [{name: a, cluster: {server: example.com}}]", "not an http or https URL"),
        ("users: [{name: a, user: {client-key-data: '*'}}]", "client-key-data of user a is not Base64"),
        ("users: [{name: a, user: {auth-provider: {name: gcp}}}]", "auth-provider"),
        ("users: [{name: a, user: {exec: {apiVersion: client.authentication.k8s.io/v1}}}]", "names no command"),
        ("users: [{name: a, user: {exec: {apiVersion: v2, command: x}}}]", "apiVersion \"v2\""),
        ("contexts: [{name: a, context: {user: b}}]", "context a names no cluster"),
    ])
    func `What is wrong is said in one sentence with the file`(_ text: String, _ reason: String) {
        let error = #expect(throws: AccessError.self) { try parse(text) }
        #expect(
            error?.description.contains(reason) == true && error?.description.contains("/home/me/.kube/config") == true,
            "\(error?.description ?? "")")
    }

    @Test(arguments: [
        (
            "current-context: gone\ncontexts: [{name: a, context: {cluster: c}}]",
            "has no context \"gone\", which is its current-context; it has a"
        ),
        (
            "contexts: [{name: a, context: {cluster: c}}, {name: b, context: {cluster: c}}]",
            "has no current-context; its contexts are a, b"
        ),
        ("current-context: a\ncontexts: [{name: a, context: {cluster: c}}]", "context a names cluster c, which is not there"),
        (
            "current-context: a\nclusters: [{name: c, cluster: {server: https://c}}]\ncontexts: [{name: a, context: {cluster: c, user: u}}]",
            "context a names user u, which is not there"
        ),
    ])
    func `A context that leads nowhere is told`(_ text: String, _ reason: String) throws {
        let config = try parse(text)
        let error = #expect(throws: AccessError.self) { try ClusterAccess(config) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test func `Of several files the first that has an entry wins, and files that are not there are passed over`() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let first = try directory.write(
            "first", "clusters: [{name: c, cluster: {server: https://first}}]\ncontexts: [{name: a, context: {cluster: c}}]")
        let second = try directory.write("second", "current-context: a\nclusters: [{name: c, cluster: {server: https://second}}]")
        let variable = "\(first.path):/does/not/exist:\(second.path)"
        let access = try ClusterAccess.find(kubeconfig: nil, isExternal: true, environment: ["KUBECONFIG": variable])
        #expect(access.cluster.server == "https://first")
        let given = #expect(throws: AccessError.self) {
            try ClusterAccess.find(kubeconfig: "/does/not/exist", isExternal: true, environment: ["KUBECONFIG": variable])
        }
        #expect(given?.description == "kubeconfig /does/not/exist does not exist")
        let none = #expect(throws: AccessError.self) {
            try ClusterAccess.find(kubeconfig: nil, isExternal: true, environment: ["KUBECONFIG": "/does/not/exist"])
        }
        #expect(none?.description == "KUBECONFIG names no file that exists: /does/not/exist")
        let nothing = #expect(throws: AccessError.self) {
            try ClusterAccess.find(
                kubeconfig: nil, isExternal: true, environment: ["HOME": directory.url.path, "KUBERNETES_SERVICE_HOST": "a"])
        }
        #expect(nothing?.description.contains("--kubeconfig") == true)
    }

    @Test func `A service account's token is read again when it has been renewed`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        for (name, text) in [("token", "one\n"), ("namespace", "ingress")] { _ = try directory.write(name, text) }
        try directory.write("ca.crt", TestCertificates().authority.certificate)
        let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
        let access = try #require(try ServiceAccount.access(environment: environment, directory: directory.url.path))
        #expect(access.cluster.server == "https://[fd00::1]:443" && access.namespace == "ingress")
        let credentials = Credentials(access)
        #expect(try await credentials.proof().authorization == "Bearer one")
        _ = try directory.write("token", "two")
        await credentials.forget()
        #expect(try await credentials.proof().authorization == "Bearer two")
        #expect(try ServiceAccount.access(environment: [:], directory: directory.url.path) == nil)
    }
}

@Suite struct ExecPluginTests {
    private let cluster = Kubeconfig.Cluster(server: "https://one.example.com")

    private func plugin(_ directory: TemporaryDirectory, _ script: String) throws -> ExecPlugin {
        let file = directory.url.appendingPathComponent("plugin")
        try writeProgram(file, "#!/bin/sh\n\(script)\n")
        return ExecPlugin(
            command: file.path, arguments: ["x"], environment: ["GREETING": "hello"],
            apiVersion: "client.authentication.k8s.io/v1",
            installHint: "ask your administrator", providesClusterInfo: true)
    }

    @Test func `A plug-in gets its arguments and the cluster, and is run again when its credential has expired`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let count = directory.url.appendingPathComponent("count").path
        let plugin = try plugin(
            directory,
            """
            echo x >> \(count)
            echo "a warning" >&2
            case "$KUBERNETES_EXEC_INFO" in *'"server":"https://one.example.com"'*) ;; *) exit 3 ;; esac
            echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$GREETING-$1-$(wc -l < \(count))'","expirationTimestamp":"2020-01-01T00:00:00Z"}}'
            """)
        var user = Kubeconfig.User()
        user.exec = plugin
        let credentials = Credentials(ClusterAccess(cluster: cluster, user: user, namespace: nil, source: "test"))
        #expect(try await credentials.proof().authorization == "Bearer hello-x-1")
        #expect(try await credentials.proof().authorization == "Bearer hello-x-2")
    }

    @Test(arguments: [
        ("exit 7", "exit status 7"), ("echo no", "did not print an ExecCredential"),
        ("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\"}'", "in place of"),
        (
            "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{}}'",
            "neither a token nor"
        ),
    ])
    func `A plug-in that fails is told with its name`(_ script: String, _ reason: String) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let plugin = try plugin(directory, script)
        let error = await #expect(throws: AccessError.self) { try await plugin.credential(for: cluster, authority: nil) }
        #expect(
            error?.description.contains(reason) == true && error?.description.contains("plugin") == true,
            "\(error?.description ?? "")")
    }

    @Test func `A plug-in that is not installed is told with the hint`() async throws {
        let plugin = ExecPlugin(
            command: "no-such-program-here", apiVersion: "client.authentication.k8s.io/v1", installHint: "get it")
        let error = await #expect(throws: AccessError.self) { try await plugin.credential(for: cluster, authority: nil) }
        #expect(error?.description == "credential plug-in no-such-program-here is not installed: get it")
    }
}
