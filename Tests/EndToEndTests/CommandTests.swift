import Foundation
import TestSupport
import Testing

@Suite("Commands", .manifestsOnly("render, lint and explain read files"))
struct CommandTests {
    private var hello: String { Programs.root.appendingPathComponent("Examples/hello").path }

    private func withDirectory(_ files: [String: String] = [:], _ body: (URL) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("command-\(UUID().uuidString)")
        for (name, text) in files {
            let file = directory.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.replacingOccurrences(of: "NET.", with: "10.9.9.").utf8).write(to: file)
        }
        do {
            try await body(directory)
            try? FileManager.default.removeItem(at: directory)
        } catch {
            try? FileManager.default.removeItem(at: directory)
            throw error
        }
    }

    private func content(_ directory: URL) throws -> [String: Data] {
        let names = FileManager.default.enumerator(atPath: directory.path)?.allObjects as? [String] ?? []
        return try names.reduce(into: [:]) { files, name in
            let file = directory.appendingPathComponent(name)
            if (try file.resourceValues(forKeys: [.isRegularFileKey])).isRegularFile == true {
                files[name] = try Data(contentsOf: file)
            }
        }
    }

    // MARK: - render

    @Test("render writes the same bytes on every run, and HAProxy accepts them", arguments: [false, true])
    func render(withOrigins: Bool) async throws {
        try await withDirectory { directory in
            var renderings: [[String: Data]] = []
            for name in ["one", "two"] {
                let output = directory.appendingPathComponent(name)
                let result = try await run(
                    Programs.controller,
                    ["render", "--manifests", hello, "--output", output.path] + (withOrigins ? ["--with-origins"] : []))
                #expect(result.status == 0)
                #expect(result.errors == "")
                renderings.append(try content(output))
                let check = try await run(
                    URL(fileURLWithPath: "/usr/bin/env"),
                    [
                        "PATH=/usr/sbin:/usr/local/sbin:/usr/bin", "haproxy", "-c", "-f",
                        output.appendingPathComponent("haproxy.cfg").path,
                    ])
                #expect(check.status == 0, "\(check.errors)\(check.output)")
            }
            #expect(renderings[0] == renderings[1])
            #expect(renderings[0].keys.contains("haproxy.cfg") && renderings[0].keys.contains("maps/host.map"))
        }
    }

    @Test("--with-origins names the object and the key behind a line, and without it there is no such comment")
    func origins() async throws {
        let manifests = Manifests.service(annotations: ["timeout-server": "7s"]) + Manifests.ingress()
        try await withDirectory(["all.yaml": manifests]) { directory in
            let with = try await run(Programs.controller, ["render", "--manifests", directory.path, "--with-origins"]).output
            let without = try await run(Programs.controller, ["render", "--manifests", directory.path]).output
            let line = try #require(with.split(separator: "\n").first { $0.contains("timeout server 7s") })
            #expect(line.contains("# Service shop/web: haproxy.org/timeout-server"))
            #expect(without.split(separator: "\n").contains { $0 == "  timeout server 7s" })
        }
    }

    @Test("--program makes render ask that HAProxy what it can do; one that is not there is named")
    func otherHAProxy() async throws {
        try await withDirectory(["all.yaml": Manifests.service() + Manifests.ingress()]) { directory in
            // A stand-in, because newer ones are not installed: all that is asked is its version.
            let newer = directory.appendingPathComponent("haproxy")
            try writeProgram(newer, "#!/bin/sh\necho 'HAProxy version 3.4.7 2026/11/01'\n")
            func render(_ arguments: String...) async throws -> ProgramResult {
                try await run(
                    Programs.controller, ["render", "--manifests", "\(directory.path)/all.yaml"] + arguments)
            }
            // Only HAProxy 3.3 and later have to be told.
            #expect(try await render("--program", newer.path).output.contains("\n  no option abortonclose\n"))
            #expect(!(try await render().output.contains("abortonclose")))
            let missing = try await render("--program", "/does/not/exist")
            #expect(missing.status == 1)
            #expect(missing.errors.contains("/does/not/exist"), "\(missing.errors)")
        }
    }

    @Test("render tells what is wrong on standard error and renders the rest")
    func renderBroken() async throws {
        let files = [
            "good.yaml": Manifests.service() + Manifests.ingress(), "bad.yaml": "kind: [",
            "gone.yaml": Manifests.ingress("gone", path: "/x", service: "gone"),
        ]
        try await withDirectory(files) { directory in
            let result = try await run(Programs.controller, ["render", "--manifests", directory.path])
            #expect(result.status == 0)
            #expect(result.output.contains("backend shop_svc_web_http"))
            #expect(result.errors.contains("bad.yaml:"))
            #expect(result.errors.contains("Service shop/gone does not exist"))
        }
    }

    // MARK: - lint

    private static let mistakes: [String: String] = [
        "keys.yaml": Manifests.service()
            + Manifests.ingress(annotations: [
                "timeout-servr": "5s", "timeout-server": "soon", "auth-type": "basic-auth", "auth-secret": "nobody",
            ]),
        "references.yaml": Manifests.ingress("a", path: "/a", service: "gone")
            + Manifests.ingress("b", path: "/b", port: "name: https")
            + Manifests.ingress("c", host: "tls.example.com", tls: "missing"),
        "refused.yaml": Manifests.ingress("d", host: "a b.example.com") + Manifests.ingress("e", path: "/a/../b"),
        "broken.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: web\nspec: {}\n",
        "secret.json":
            #"{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop"}, "data": {"a": "%"}}"#,
        "config.yaml": Manifests.configMap(["maxcon": "5", "nbthread": "many"]),
        "twice.yaml": Manifests.ingress("web-again"),
    ]

    /// A file, and what is said about it.
    private static let expected: [(file: String, words: String)] = [
        ("keys.yaml", "did you mean haproxy.org/timeout-server?"), ("keys.yaml", "for example 2m"),
        ("keys.yaml", "Secret shop/nobody does not exist"), ("references.yaml", "Service shop/gone does not exist"),
        ("references.yaml", "has no port https; it has http (80)"), ("references.yaml", "names a Secret that does not exist"),
        ("refused.yaml", "is not a DNS name"), ("refused.yaml", "must not contain '/../'"), ("broken.yaml", "is not valid YAML"),
        ("secret.json", "is not base64"), ("config.yaml", "did you mean maxconn?"), ("config.yaml", "nbthread"),
        ("twice.yaml", "claims host shop.example.com"),
    ]

    @Test("lint finds each mistake of a directory, as text, JSON and workflow commands")
    func lint() async throws {
        try await withDirectory(Self.mistakes) { directory in
            let text = try await run(Programs.controller, ["lint", directory.path])
            let github = try await run(Programs.controller, ["lint", directory.path, "--format", "github"])
            let json = try await run(Programs.controller, ["lint", directory.path, "--format", "json"])
            #expect([text.status, github.status, json.status] == [1, 1, 1])
            let textLines = text.output.split(separator: "\n")
            let githubLines = github.output.split(separator: "\n")
            let findings = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
            for (file, words) in Self.expected {
                #expect(
                    textLines.contains {
                        $0.wholeMatch(of: /(error|warning): .*:\d+:\d+: .*/) != nil && $0.contains(file) && $0.contains(words)
                    },
                    "\(file): \(words)\n\(text.output)")
                #expect(
                    githubLines.contains {
                        $0.contains(/^::(error|warning) file=[^,]+,line=\d+,col=\d+::/) && $0.contains(file) && $0.contains(words)
                    },
                    "\(file): \(words)")
                #expect(
                    findings.contains { finding in
                        let all =
                            finding.values.map { "\($0)" }.joined(separator: " ") + " for example \(finding["example"] ?? "")"
                        return (finding["file"] as? String)?.hasSuffix(file) == true && (finding["line"] as? Int ?? 0) > 0
                            && all.contains(words)
                    }, "\(file): \(words)")
            }
            #expect(githubLines.count == findings.count)
            #expect(!text.output.contains("\u{1b}"), "colours are for terminals only")
        }
    }

    @Test("lint notes what a snippet of an Ingress or a Service gives away, which is no mistake")
    func lintSnippets() async throws {
        let snippet = ["backend-config-snippet": "http-send-name-header X-Server"]
        for manifests in [
            Manifests.service() + Manifests.ingress(annotations: snippet),
            Manifests.service(annotations: snippet) + Manifests.ingress(),
        ] {
            try await withDirectory(["all.yaml": manifests]) { directory async throws in
                let result = try await run(Programs.controller, ["lint", directory.path])
                #expect(result.status == 0, "\(result)")
                #expect(result.errors.contains("backend-config-snippet can read every file"), "\(result)")
            }
        }
        try await withDirectory(["all.yaml": Manifests.service() + Manifests.ingress() + Manifests.configMap(snippet)]) {
            directory async throws in
            #expect(try await run(Programs.controller, ["lint", directory.path]).errors == "")
        }
    }

    @Test("lint finds nothing in the example")
    func lintGood() async throws {
        for (format, output) in ["text": "No mistakes found.\n", "json": "[\n\n]\n", "github": ""] {
            let result = try await run(Programs.controller, ["lint", hello, "--format", format])
            #expect(result.status == 0)
            #expect(result.output == output, "\(format)")
        }
    }

    // MARK: - explain

    @Test("explain says which Ingress, path, backend, servers and annotations a request meets")
    func explain() async throws {
        let manifests =
            Manifests.configMap(["timeout-server": "9s", "cors-enable": "true"])
            + Manifests.service(pods: [1, 2], annotations: ["timeout-server": "7s"])
            + Manifests.ingress(path: "/cart", annotations: ["cors-enable": "false", "timeout-server": "8s"])
            + Manifests.ingress("exact", path: "/cart/one", pathType: "Exact") + Manifests.ingress("wild", host: "*.example.org")
            + Manifests.ingress("gone", path: "/gone", service: "gone") + Manifests.service("empty", pods: [])
            + Manifests.ingress("empty", path: "/empty", service: "empty")
        let expected: [String: [String]] = [
            "http://shop.example.com/cart/x": [
                "Ingress +shop/web", "Host +shop.example.com", "Path +/cart \\(Prefix\\)", "Service +shop/web, port http",
                "Backend +shop_svc_web_http", "Servers +10.9.9.1:8080, 10.9.9.2:8080",
                "timeout-server +7s +from the Service shop/web", "cors-enable +false +from the Ingress shop/web",
            ],
            "http://shop.example.com/cart/one": [
                "Ingress +shop/exact", "Path +/cart/one \\(Exact\\)",
                "cors-enable +true +from the ConfigMap default/haproxy-configmap",
            ],
            "https://SHOP.example.com:8443/cart?x=1": ["Ingress +shop/web"],
            "http://a.example.org/any": ["Ingress +shop/wild", "Host +\\*.example.org"],
            "http://a.b.example.org/any": ["HAProxy answers 404"], "http://shop.example.com/cartoon": ["HAProxy answers 404"],
            "http://shop.example.com/gone": ["503: Service shop/gone does not exist"],
            "http://shop.example.com/empty": ["none ready: HAProxy answers 503"],
        ]
        try await withDirectory(["all.yaml": manifests]) { directory in
            for (url, patterns) in expected {
                let result = try await run(Programs.controller, ["explain", "--manifests", directory.path, url])
                #expect(result.status == 0)
                for pattern in patterns {
                    #expect(try result.output.contains(Regex(pattern)), "\(url): \(pattern)\n\(result.output)")
                }
            }
        }
    }

    @Test("explain answers as HAProxy does: names in any spelling, redirects, closed routes and passed-through TLS")
    func explainAnswers() async throws {
        let manifests =
            Manifests.service() + Manifests.ingress("good", host: "good.local")
            + Manifests.ingress("tls", host: "tls.local", annotations: ["ssl-redirect-code": "308"], tls: "missing")
            + Manifests.ingress("moved", host: "moved.local", annotations: ["request-redirect": "good.local"])
            + Manifests.ingress("passed", host: "passed.local", path: "/app", annotations: ["ssl-passthrough": "true"])
        let expected: [String: (has: [String], hasNot: [String])] = [
            "http://GOOD.local./": (["Ingress +shop/good", "Servers +10.9.9.1:8080"], ["404"]),
            "http://good.local:8080/": (["Ingress +shop/good"], ["404"]),
            "http://tls.local/a?b=c": (["Answer +308: a redirect to https://tls.local/a\\?b=c"], ["Servers"]),
            "https://tls.local/a": (["Servers +10.9.9.1:8080"], ["Answer"]),
            "https://moved.local/a": (["Answer +302: a redirect to https://good.local/a"], ["Servers"]),
            "https://passed.local/any": (["passed through to the pods", "Servers +10.9.9.1:8080"], ["404"]),
            "http://passed.local/any": (["Answer +302: a redirect to https://passed.local/any"], ["Servers"]),
        ]
        try await withDirectory(["all.yaml": manifests]) { directory in
            for (url, patterns) in expected {
                let result = try await run(Programs.controller, ["explain", "--manifests", directory.path, url])
                #expect(result.status == 0)
                for pattern in patterns.has {
                    #expect(try result.output.contains(Regex(pattern)), "\(url): \(pattern)\n\(result.output)")
                }
                for word in patterns.hasNot { #expect(!result.output.contains(word), "\(url): \(word)\n\(result.output)") }
            }
        }
    }

    // MARK: - annotations

    @Test("annotations lists every key, and tells all about one")
    func annotations() async throws {
        let table = try await run(Programs.controller, ["annotations"])
        #expect(table.status == 0)
        for key in ["cors-enable", "auth-secret", "rate-limit-requests", "ssl-passthrough", "server-ca", "path-rewrite"] {
            #expect(table.output.split(separator: "\n").contains { $0.contains("  \(key) ") }, "\(key)")
        }
        let one = try await run(Programs.controller, ["annotations", "haproxy.org/timeout-server"])
        #expect(one.status == 0)
        #expect(one.output.contains("haproxy.org/timeout-server") && one.output.contains("for example"))
        #expect(!one.output.contains("\u{1b}"))
    }
}
