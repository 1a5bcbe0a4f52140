import TestSupport
import Testing

@testable import Core

/// Expressions of tenants in a real HAProxy. `TEST_SEED` repeats a run.
@Suite("Expressions")
struct ExpressionTests {
    @Test("words are read as HAProxy reads them, in every form of quoting", .manifestsOnly("looks at HAProxy alone"))
    func words() async throws {
        var grammar = ExpressionGrammar(seed: SeededGenerator().seed)
        let seed = grammar.generator.seed
        var texts: [(text: String, words: [String])] = [(##"a\ b "c\"d" 'e\' f\g "h\i" \$j "\$k" l\#m \x41"##, [])]
        texts[0].words = try ConfigurationWords.read(texts[0].text)
        while texts.count < 120 {
            let text = grammar.acl()
            // The oracle takes an empty word for the end, and a snippet no line that goes on, also not without the blanks at its end.
            guard let words = try? ConfigurationWords.read(text), !words.isEmpty, !words.contains(""),
                !text.trimmingWhitespace.hasSuffix("\\"), Quoting.isRepresentable(text)
            else { continue }
            texts.append((text, words))
        }
        let snippet = texts.enumerated().map { "acl words_\($0) str(x) -m str -- \($1.text)" }.joined(separator: "\n")
        let files = [
            "all.yaml": Manifests.service() + Manifests.ingress() + Manifests.configMap(["frontend-config-snippet": snippet])
        ]
        try await TestController.with(files) { controller async throws in
            // `8 () acl 'str' file 'haproxy.cfg' line 70. ...`, each in the frontends for HTTP and HTTPS.
            let lists = try await controller.runtimeAPI("show acl").split(separator: "\n").filter {
                $0.contains("acl 'str' file")
            }
            .compactMap { line -> (line: Int, id: Substring)? in
                guard let id = line.split(separator: " ").first,
                    let number = line.range(of: "line ").flatMap({
                        Int(line[$0.upperBound...].prefix { $0.isNumber })
                    })
                else { return nil }
                return (number, id)
            }.sorted { $0.line < $1.line }
            #expect(lists.count == texts.count * 2, "\(controller.log)")
            for (list, text) in zip(lists, texts) {
                let entries = try await controller.runtimeAPI("show acl #\(list.id)").split(separator: "\n").map {
                    String($0.drop { $0 != " " }.dropFirst())
                }
                #expect(entries == text.words, "\(text.text) (TEST_SEED=\(seed))")
            }
        }
    }

    @Test("whatever ACLs, headers and captures tenants write, a victim's requests reach the victim, and HAProxy takes every line")
    func victims() async throws {
        var grammar = ExpressionGrammar(seed: SeededGenerator().seed)
        let seed = grammar.generator.seed
        // Those of the issue, and their siblings.
        var acls = [
            #"path /nope "}" "||" "{" "str(hostile_svc_hostile-0_http),set-var(txn.route)" -m found "}""#,
            #"src "-f" /etc/passwd"#, "str(hostile_svc_hostile-0_http) set-var(txn.route),lower", "src localhost", "path lower",
            #"str(hostile_svc_hostile-0_http) -- "set-var(txn.route)""#, "always_true",
        ]
        while acls.count < 60 {
            let acl = grammar.acl()
            // The other half are refused, which other tests look at.
            if (try? ACLExpression(acl)) != nil || grammar.generator.chance(3) { acls.append(acl) }
        }
        var manifests =
            Manifests.service("web", namespace: "victim", pods: [1])
            + Manifests.service("mine", namespace: "victim", pods: [2], annotations: ["route-acl": "req.hdr(x-mine) -m str yes"])
            + Manifests.ingress("web", namespace: "victim", host: "victim.example.com", created: "2025-01-01T00:00:00Z")
            + Manifests.ingress(
                "mine", namespace: "victim", host: "victim.example.com", service: "mine", created: "2025-01-02T00:00:00Z")
        for (number, acl) in acls.enumerated() {
            let name = "hostile-\(number)"
            var annotations: [String: String] = [:]
            for key in ["request-set-header", "response-set-header"] {
                var format = grammar.logFormat()
                for _ in 0..<20 where (try? LogFormatString(format, of: .request)) == nil { format = grammar.logFormat() }
                annotations[key] = "X-Hostile \(format)"
            }
            annotations["request-capture"] = grammar.expression()
            manifests +=
                Manifests.service(name, namespace: "hostile", pods: [3], annotations: ["route-acl": acl])
                + Manifests.ingress(
                    name, namespace: "hostile", host: "hostile.example.com", path: "/\(number)", service: name,
                    annotations: annotations)
        }
        try await TestController.with(["all.yaml": manifests], pods: ["victim", "mine", "hostile"]) { controller async throws in
            for headers in [[:], ["X": "a"], ["Cookie": "a=b", "X": "10.0.0.1"], ["X-Mine": "yes"]] {
                for path in ["", "nope", "a", "0", "lower?q=a"] {
                    let response = try await controller.request("http://victim.example.com/\(path)", headers: headers)
                    #expect(
                        response.pod == (headers["X-Mine"] == nil ? "victim" : "mine"), "\(path) \(headers) (TEST_SEED=\(seed))")
                    #expect(response.headers["x-hostile"] == nil && response.seen?.headers["x-hostile"] == nil)
                }
            }
            #expect(!controller.log.contains("root:"), "TEST_SEED=\(seed)")
            // One whose ACL is always true serves its own host.
            #expect(try await controller.request("http://hostile.example.com/6").pod == "hostile", "TEST_SEED=\(seed)")
            #expect(try await controller.request("http://hostile.example.com/0").status == 404, "TEST_SEED=\(seed)")
        }
    }

    @Test("arguments and literals arrive as they are written, whatever they hold")
    func arguments() async throws {
        let values = [
            "a", "a,b)", "it's", #"say "x""#, #"back\slash"#, "a]b[c", "100%", "{}||", "#$HOME", "x y", "ü", #"'"\,)]%"#,
            "%[src]", "-f",
        ]
        func argument(_ value: String) -> String {
            "\"" + value.unicodeScalars.map { "\"\\".unicodeScalars.contains($0) ? "\\\($0)" : String($0) }.joined() + "\""
        }
        let headers = values.enumerated().map { "X-A\($0) %[str(\(argument($1)))]:\($1.replacing("%", with: "%%"))" }
        let manifests =
            Manifests.service()
            + Manifests.ingress(annotations: [
                "request-set-header": headers.joined(separator: "\n"),
                "response-set-header": #"Permissions-Policy "geolocation=(self \"https://x\")""#,
            ])
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let response = try await controller.request("http://shop.example.com/")
            for (number, value) in values.enumerated() {
                // HAProxy encodes what is not ASCII in the values of expressions.
                guard value != "ü" else { continue }
                #expect(response.seen?.headers["x-a\(number)"] == "\(value):\(value)")
            }
            #expect(response.header("permissions-policy") == #"geolocation=(self "https://x")"#)
        }
    }
}
