import Core
import Foundation
import TestSupport
import Testing

@Suite("A kubeconfig that is of no use", .manifestsOnly("nothing is read with it"))
struct KubeconfigTests {
    /// A kubeconfig with one line or value wrong. `AUTHORITY`, `CERTIFICATE`, `KEY` and `OTHER` are replaced by Base64.
    private static let right = """
        apiVersion: v1
        kind: Config
        current-context: lab
        contexts:
        - name: lab
          context: {cluster: lab, user: me}
        clusters:
        - name: lab
          cluster:
            server: SERVER
            certificate-authority-data: AUTHORITY
        users:
        - name: me
          user:
            client-certificate-data: CERTIFICATE
            client-key-data: KEY
        """

    struct Mistake: Sendable, CustomTestStringConvertible {
        let what: String
        let replaced: String
        let replacement: String
        /// What the sentence has to say; FILE, SERVER and DIRECTORY are replaced.
        let sentence: String
        var testDescription: String { what }

        init(_ what: String, _ replaced: String, _ replacement: String, _ sentence: String) {
            (self.what, self.replaced, self.replacement, self.sentence) = (what, replaced, replacement, sentence)
        }
    }

    private static let keyLine = "client-key-data: KEY"
    private static let certificates = "client-certificate-data: CERTIFICATE\n    client-key-data: KEY"
    private static let mistakes = [
        Mistake("no such file", right, "", "kubeconfig FILE does not exist"),
        Mistake(
            "another certificate's key", keyLine, "client-key-data: OTHER",
            "kubeconfig FILE, context lab: client-certificate and client-key cannot be used: the key does not belong to the certificate"
        ),
        Mistake(
            "a key that is none", keyLine, "client-key-data: aGVsbG8=",
            "kubeconfig FILE, context lab: client-certificate and client-key cannot be used: client-key is not in PEM format"),
        Mistake(
            "a key that is not Base64", keyLine, "client-key-data: '%%%'",
            "kubeconfig FILE: client-key-data of user me is not Base64"),
        Mistake(
            "a key's file that is not there", keyLine, "client-key: keys/me.pem",
            "kubeconfig FILE, context lab: client-key: DIRECTORY/keys/me.pem cannot be read"),
        Mistake(
            "no key", "\n    " + keyLine, "",
            "kubeconfig FILE, context lab: client-certificate without client-key"),
        Mistake(
            "an unknown context", "current-context: lab", "current-context: prod",
            #"kubeconfig FILE has no context "prod", which is its current-context; it has lab"#),
        Mistake(
            "a context without its cluster", "cluster: lab,", "cluster: prod,",
            "kubeconfig FILE: context lab names cluster prod, which is not there"),
        Mistake(
            "an authority that is none", "AUTHORITY", "aGVsbG8=",
            "kubeconfig FILE, context lab: certificate-authority holds no certificate in PEM format"),
        Mistake(
            "a token's file that is not there", certificates, "tokenFile: token",
            "kubeconfig FILE, context lab: token file DIRECTORY/token cannot be read"),
        Mistake(
            "a plug-in that is not installed", certificates,
            "exec: {command: get-me-a-token, apiVersion: client.authentication.k8s.io/v1, installHint: buy one}",
            "kubeconfig FILE, context lab: credential plug-in get-me-a-token is not installed: buy one"),
        Mistake(
            "a server that does not answer", "", "",
            "kubeconfig FILE, context lab: the API server cannot be reached: GET SERVER/apis/discovery.k8s.io: "),
    ]

    /// What the real program says, and that it did nothing else.
    private func sentence(with kubeconfig: String, in directory: TemporaryDirectory) async throws -> String {
        let file = directory.file("kubeconfig")
        if !kubeconfig.isEmpty { try directory.write("kubeconfig", kubeconfig) }
        let result = try await run(
            Programs.controller,
            [
                "run", "--external", "--kubeconfig", file.path, "--config-dir", directory.file("config").path, "--runtime-dir",
                directory.file("runtime").path, "--admin-bind", "none",
            ])
        #expect(result.status == 1 && result.output == "")
        for name in ["config", "runtime"] {
            #expect(!FileManager.default.fileExists(atPath: directory.file(name).path), "something was started")
        }
        let lines = result.errors.split(separator: "\n")
        #expect(lines.count == 1, "not one sentence: \(result.errors)")
        return lines.first.map(String.init) ?? ""
    }

    private func kubeconfig(server: String, certificates: TestCertificates, _ mistake: Mistake? = nil) throws -> String {
        let client = try certificates.client("me")
        var text = Self.right
        if let mistake, !mistake.replaced.isEmpty {
            #expect(text.contains(mistake.replaced))
            text = text.replacingOccurrences(of: mistake.replaced, with: mistake.replacement)
        }
        let values = [
            "AUTHORITY": certificates.authority.certificate, "CERTIFICATE": client.certificate, "KEY": client.key,
            "OTHER": try certificates.client("other").key,
        ]
        for (name, value) in values {
            text = text.replacingOccurrences(of: ": \(name)\n", with: ": \(Data(value).base64EncodedString())\n")
                .replacingOccurrences(of: ": \(name)", with: ": \(Data(value).base64EncodedString())")
        }
        return text.replacingOccurrences(of: "SERVER", with: server)
    }

    @Test("is told in one sentence before anything is started", arguments: mistakes)
    func mistake(_ mistake: Mistake) async throws {
        try await Gate.processes.pass {
            let directory = try TemporaryDirectory("kubeconfig")
            defer { directory.remove() }
            let server = "https://127.0.0.1:\(try FreePort.next())"
            let text = try kubeconfig(server: server, certificates: TestCertificates(), mistake)
            let expected = mistake.sentence.replacingOccurrences(of: "FILE", with: directory.file("kubeconfig").path)
                .replacingOccurrences(of: "DIRECTORY", with: directory.path).replacingOccurrences(of: "SERVER", with: server)
            let sentence = try await sentence(with: text, in: directory)
            #expect(sentence.contains(expected))
        }
    }

    @Test(
        "and so is a server that does not take it",
        arguments: [
            ("401", "the API server does not accept the credentials: GET SERVER/apis/discovery.k8s.io: 401: go away"),
            ("403", "the API server does not say what it serves: GET SERVER/apis/discovery.k8s.io: 403: go away"),
            ("404", "there is no Kubernetes API: GET SERVER/version: 404: go away"),
            ("500", "there is no Kubernetes API: GET SERVER/apis/discovery.k8s.io: 500: go away"),
        ])
    func refused(status: String, expected: String) async throws {
        try await Gate.processes.pass {
            let line = "http-request return status \(status) content-type text/plain string \"go away\""
            try await TLSPods.with { authority in
                [TLSPod(name: "api", certificate: try authority.leaf("localhost"), lines: [line])]
            } _: { pods in
                let directory = try TemporaryDirectory("kubeconfig")
                defer { directory.remove() }
                let server = "https://\(pods.network)1:8080"
                let text = try kubeconfig(server: server, certificates: pods.certificates)
                    .replacingOccurrences(of: "server: \(server)", with: "server: \(server)\n    tls-server-name: localhost")
                let sentence = try await sentence(with: text, in: directory)
                #expect(sentence.contains("context lab: " + expected.replacingOccurrences(of: "SERVER", with: server)))
            }
        }
    }

    @Test("and so is a server whose certificate another authority signed")
    func untrusted() async throws {
        try await Gate.processes.pass {
            try await TLSPods.with { authority in
                [TLSPod(name: "api", certificate: try authority.leaf("localhost"))]
            } _: { pods in
                let directory = try TemporaryDirectory("kubeconfig")
                defer { directory.remove() }
                let server = "https://\(pods.network)1:8080"
                let sentence = try await sentence(
                    with: try kubeconfig(server: server, certificates: TestCertificates("Somebody else")), in: directory)
                #expect(sentence.contains("context lab: the API server cannot be reached: GET \(server)/apis/discovery.k8s.io: "))
                #expect(sentence.contains("certificate"))
            }
        }
    }
}
