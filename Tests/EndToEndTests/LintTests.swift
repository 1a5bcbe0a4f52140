import Core
import Foundation
import TestSupport
import Testing

@Suite("lint")
struct LintTests {
    /// The line and column of the first place of a text.
    private static func place(of part: String, in text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let (index, line) = lines.enumerated().first(where: { $1.contains(part) }), let range = line.range(of: part) else {
            return "nowhere"
        }
        return "\(index + 1):\(line.distance(from: line.startIndex, to: range.lowerBound) + 1)"
    }

    private func withDirectory<Result>(
        _ files: [String: String], _ body: (URL) async throws -> Result
    ) async throws -> Result {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("lint-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for (name, text) in files {
            let text = text.replacing("NET.", with: "10.9.9.")
            try Data(text.utf8).write(to: directory.appendingPathComponent(name))
        }
        return try await body(directory)
    }

    private func lint(_ files: [String: String], _ arguments: [String] = []) async throws -> ProgramResult {
        try await withDirectory(files) { try await run(Programs.controller, ["lint", $0.path] + arguments) }
    }

    private func lint(input: String, _ arguments: [String] = []) async throws -> ProgramResult {
        try await withDirectory(["input": input]) { directory in
            try await run(
                Programs.controller, ["lint", "-"] + arguments,
                input: try FileHandle(forReadingFrom: directory.appendingPathComponent("input")))
        }
    }

    // MARK: - Places

    @Test("every finding stands at its annotation, in YAML and JSON, also on objects that no Ingress refers to")
    func places() async throws {
        let yaml =
            Manifests.service("lonely", annotations: ["check-interval": "soon", "load-balanc": "x"])
            + Manifests.ingress(annotations: ["timeout-server": "later", "rate-limit-requests": "none"])
            + Manifests.service()
            + Manifests.configMap(["timeout-client": "never", "timeout-tunnel": "ever"])
            + Manifests.ingress("ruleless", annotations: ["timeout-queue": "now"])
            .replacing(/(?s)spec:.*/, with: "spec: {rules: [{host: only.example.com}]}\n")
        let json = #"""
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x", "namespace": "shop",
               "annotations": {"a": "b",   "haproxy.org/pod-maxconn": "lots"}}, "spec": {"ports": [{"port": 80}]}}
            """#
        let result = try await lint(["all.yaml": yaml, "x.json": json])
        for key in ["check-interval", "load-balanc", "timeout-server", "rate-limit-requests", "timeout-queue"] {
            let place = Self.place(of: "haproxy.org/\(key)", in: yaml)
            #expect(result.output.contains("all.yaml:\(place): "), "\(key) \(place)\n\(result.output)")
        }
        for key in ["timeout-client", "timeout-tunnel"] {
            let place = Self.place(of: key, in: yaml)
            #expect(result.output.contains("all.yaml:\(place): "), "\(key) \(place)\n\(result.output)")
        }
        #expect(result.output.contains("x.json:2:32: Service shop/x: haproxy.org/pod-maxconn"), "\(result.output)")
    }

    @Test("all bad keys of a handler are told at once")
    func allAtOnce() async throws {
        let bad = [
            "rate-limit-requests": "many", "rate-limit-period": "10 parsecs", "rate-limit-size": "big",
            "rate-limit-status-code": "no",
        ]
        for manifests in [
            Manifests.service() + Manifests.ingress(annotations: bad),
            Manifests.service() + Manifests.ingress() + Manifests.configMap(bad),
        ] {
            let result = try await lint(["all.yaml": manifests])
            for (key, value) in bad {
                let lines = result.output.split(separator: "\n").filter { $0.contains("\(key): \"\(value)\": ") }
                #expect(lines.count == 1, "\(key)\n\(result.output)")
            }
        }
    }

    @Test("an annotation without quotes hides no other mistake of its object")
    func unquoted() async throws {
        let manifests =
            Manifests.service()
            + Manifests.ingress(service: "gone", annotations: ["ssl-redirect": "Q", "timeout-server": "soon"])
            .replacing(#""Q""#, with: "yes")
        let result = try await lint(["all.yaml": manifests])
        #expect(result.output.hasSuffix("3 errors, 0 warnings\n"), "\(result.output)")
        #expect(result.output.contains("all.yaml:\(Self.place(of: "haproxy.org/ssl-redirect", in: manifests)): "))
        for words in ["cannot unmarshal bool", "timeout-server", "Service shop/gone does not exist"] {
            #expect(result.output.contains(words), "\(result.output)")
        }
    }

    // MARK: - Formats

    /// The members that the schema of SARIF 2.1.0 requires of the objects that are written, and those that code scanning requires
    /// beside them (a result's rule, its place, and a rule's texts). A name in brackets is of a list.
    private static let outline: [String: (required: [String], members: [String: String])] = [
        "log": (["version", "runs"], ["runs": "[run]"]),
        "run": (["tool", "results"], ["tool": "tool", "results": "[result]"]),
        "tool": (["driver"], ["driver": "driver"]),
        "driver": (["name", "rules"], ["rules": "[rule]"]),
        "rule": (
            ["id", "shortDescription", "fullDescription", "help"],
            ["shortDescription": "text", "fullDescription": "text", "help": "text"]
        ),
        "text": (["text"], [:]),
        "result": (["message", "ruleId", "locations"], ["message": "text", "locations": "[location]"]),
        "location": (["physicalLocation"], ["physicalLocation": "physical", "logicalLocations": "[logical]"]),
        "physical": (["artifactLocation", "region"], ["artifactLocation": "artifact", "region": "region"]),
        "artifact": (["uri"], [:]), "region": (["startLine"], [:]), "logical": (["fullyQualifiedName"], [:]),
    ]

    private static func flaws(of value: Any, in name: String, at place: String = "") -> [String] {
        if name.hasPrefix("[") {
            guard let list = value as? [Any] else { return ["\(place) is no list"] }
            if name == "[location]", list.isEmpty { return ["\(place) is empty"] }
            return list.enumerated().flatMap { flaws(of: $1, in: String(name.dropFirst().dropLast()), at: "\(place)[\($0)]") }
        }
        guard let object = value as? [String: Any], let (required, members) = outline[name] else {
            return ["\(place) is no \(name)"]
        }
        return required.filter { object[$0] == nil }.map { "\(place) has no \($0)" }
            + members.sorted { $0.key < $1.key }.flatMap { key, kind in
                object[key].map { flaws(of: $0, in: kind, at: "\(place).\(key)") } ?? []
            }
    }

    @Test("SARIF has all that version 2.1.0 requires, and a place and a rule for each finding")
    func sarif() async throws {
        let manifests =
            Manifests.service() + Manifests.ingress(annotations: ["timeout-server": "soon", "timeout-servr": "1s"])
            + Manifests.ingress("b", path: "/b", service: "gone", tls: "none")
        let result = try await lint(
            ["a b.yaml": manifests, "broken.yaml": "a: {"], ["--format", "sarif", "--configmap-errorfiles", "a/b"])
        #expect(result.status == 1)
        let log = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect(log["version"] as? String == "2.1.0")
        #expect((log["$schema"] as? String)?.contains("sarif-2.1.0") == true)
        let runs = try #require(log["runs"] as? [[String: Any]])
        let driver = try #require((runs.first?["tool"] as? [String: Any])?["driver"] as? [String: Any])
        #expect(driver["name"] as? String == "haproxy-ingress")
        let rules = try #require(driver["rules"] as? [[String: Any]]).compactMap { $0["id"] as? String }
        #expect(Set(rules).count == rules.count)
        let results = try #require(runs.first?["results"] as? [[String: Any]])
        #expect(results.count == 6)
        for result in results {
            #expect(["error", "warning"].contains(result["level"] as? String))
            #expect(((result["message"] as? [String: Any])?["text"] as? String)?.isEmpty == false)
            let index = try #require(result["ruleIndex"] as? Int)
            #expect(rules[index] == result["ruleId"] as? String)
            let locations = try #require(result["locations"] as? [[String: Any]])
            #expect(locations.count == 1)
            for location in locations {
                let physical = try #require(location["physicalLocation"] as? [String: Any])
                let uri = try #require((physical["artifactLocation"] as? [String: Any])?["uri"] as? String)
                #expect(URL(string: uri)?.scheme == "file" && (uri.hasSuffix("/a%20b.yaml") || uri.hasSuffix("/broken.yaml")))
                let region = try #require(physical["region"] as? [String: Int])
                #expect(region["startLine"] ?? 0 >= 1 && region["startColumn"] ?? 0 >= 1)
            }
        }
        #expect(Set(rules).isSuperset(of: ["timeout-server", "key", "manifest", "spec.tls.secretName"]), "\(rules)")
        #expect(Self.flaws(of: log, in: "log") == [])
        #expect(Self.flaws(of: ["runs": [["tool": [:] as [String: Any]]]], in: "log").count == 3, "the outline can fail")
        let empty = try await lint(["a.yaml": Manifests.service() + Manifests.ingress()], ["--format", "sarif"])
        #expect(empty.status == 0)
        #expect(empty.output.contains(#""results" : ["#), "\(empty.output)")
    }

    @Test("a finding about an object that is in no file stands in SARIF at the first file that was linted")
    func sarifWithoutPlace() async throws {
        let options = ["--format", "sarif", "--configmap-errorfiles", "a/b", "--configmap-tcp-services", "a/c"]
        func places(_ result: ProgramResult) throws -> [String] {
            let log = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
            #expect(Self.flaws(of: log, in: "log") == [])
            let results = try #require((log["runs"] as? [[String: Any]])?.first?["results"] as? [[String: Any]])
            return try results.map { result in
                let location = try #require((result["locations"] as? [[String: Any]])?.first)
                let physical = try #require(location["physicalLocation"] as? [String: Any])
                #expect(physical["region"] as? [String: Int] == ["startLine": 1, "startColumn": 1])
                let uri = try #require((physical["artifactLocation"] as? [String: Any])?["uri"] as? String)
                return uri.split(separator: "/").last.map(String.init) ?? uri
            }
        }
        let files = ["b.yaml": Manifests.service(), "a.yaml": Manifests.ingress()]
        #expect(try places(try await lint(files, options)) == ["a.yaml", "a.yaml"])
        let piped = try await lint(input: files.values.joined(), options + ["--report-missing"])
        #expect(try places(piped) == ["stdin", "stdin"])
    }

    // MARK: - --fix

    private static let fixable = """
        # The shop → 🛍
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
            annotations:   # by hand
                haproxy.com/whitelist:   "10.0.0.0/8"  # the office
                haproxy.org/ssl-redirect: OFF
                haproxy.org/timeout-server: '5S'
                haproxy.org/timeout-queue: soon
            name: web
        spec:
            rules:
            - http: {paths: [{path: /, pathType: prefix, backend: {service: {name: web, port: {number: 80}}}}]}
        --- # the end

        """

    @Test("--fix changes what is certain and not a byte more, tells it, and leaves the rest as findings")
    func fix() async throws {
        let fixed = Self.fixable.replacing("haproxy.com/whitelist", with: "haproxy.org/allow-list")
            .replacing(": OFF", with: ": \"OFF\"").replacing("5S", with: "5s").replacing("prefix", with: "Prefix")
        let service = Manifests.service(namespace: "default")
        try await withDirectory(["web.yaml": Self.fixable, "service.yaml": service]) { directory in
            let file = directory.appendingPathComponent("web.yaml")
            let link = directory.appendingPathComponent("link.yaml")
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
            try FileManager.default.moveItem(at: file, to: directory.appendingPathComponent("real"))
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: directory.appendingPathComponent("real"))
            let before = try await run(Programs.controller, ["lint", directory.path])
            #expect(before.output.contains("--fix would change 4 places.\n"), "\(before.output)")
            let result = try await run(Programs.controller, ["lint", "--fix", directory.path])
            #expect(result.status == 1)
            #expect(try String(contentsOf: link, encoding: .utf8) == fixed)
            let real = directory.appendingPathComponent("real").path
            #expect(try FileManager.default.attributesOfItem(atPath: real)[.posixPermissions] as? Int == 0o640)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path).hasSuffix("real"))
            let fixes = result.output.split(separator: "\n").filter { $0.hasPrefix("fixed: ") }
            #expect(fixes.count == 4)
            #expect(
                fixes.contains {
                    $0.hasSuffix("link.yaml:6:9: Ingress default/web: haproxy.com/whitelist is now haproxy.org/allow-list")
                }, "\(result.output)")
            #expect(result.output.contains("link.yaml:9:9: Ingress default/web: haproxy.org/timeout-queue: \"soon\""))
            #expect(result.output.hasSuffix("1 error, 0 warnings, 4 fixed\n"), "\(result.output)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 3, "nothing is left behind")
            let again = try await run(Programs.controller, ["lint", "--fix", directory.path, "--format", "json"])
            #expect(!again.errors.contains("fixed"))
            #expect(try String(contentsOf: link, encoding: .utf8) == fixed)
        }
    }

    // MARK: - --ignore

    @Test("--ignore keeps back what is told of a key, by whatever name, and does not mend it")
    func ignore() async throws {
        let manifests =
            Manifests.service()
            + Manifests.ingress(annotations: ["timeout-server": "soon", "whitelist": "nobody", "timeout-servr": "1s"])
        for ignored in [
            ["--ignore", "timeout-server,allow-list", "--ignore", "haproxy.org/timeout-servr"],
            ["--ignore=haproxy.com/Timeout-Server", "--ignore=whitelist", "--ignore", "timeout-servr"],
        ] {
            let result = try await lint(["all.yaml": manifests], ignored)
            #expect(result.status == 0 && result.output == "No mistakes found, 3 ignored.\n", "\(result)")
        }
        let one = try await lint(["all.yaml": manifests], ["--ignore", "timeout-server", "--fix"])
        #expect(one.status == 1 && one.output.hasSuffix("1 error, 1 warning, 1 fixed, 1 ignored\n"), "\(one)")
    }

    // MARK: - Standard input

    private static let reference = [
        "auth-type": "basic-auth", "auth-secret": "users", "timeout-queue": "soon", "allow-list": "patterns/office",
    ]
    private static let input =
        "apiVersion: v1\nkind: List\nitems:\n- "
        + Manifests.ingress(service: "gone", annotations: reference, tls: "gone").replacing("---\n", with: "")
        .replacing("\n", with: "\n  ")

    @Test("standard input is read, and what is not in it is missed only on request")
    func standardInput() async throws {
        let result = try await lint(input: Self.input)
        #expect(result.status == 1)
        #expect(result.output.hasSuffix("1 error, 0 warnings\n"), "\(result.output)")
        #expect(
            result.output.contains("stdin:\(Self.place(of: "haproxy.org/timeout-queue", in: Self.input)): Ingress shop/web"),
            "\(result.output)")
        let all = try await lint(input: Self.input, ["--report-missing"])
        for missing in [
            "Secret shop/users does not exist", "there is no pattern file office", "Service shop/gone does not exist",
            "names a Secret that does not exist",
        ] {
            #expect(all.output.contains(missing), "\(all.output)")
        }
        let file = try await lint(["a.yaml": Self.input], ["--no-report-missing"])
        #expect(file.output.hasSuffix("1 error, 0 warnings\n"), "\(file.output)")
        let json = try await lint(
            input:
                #"{"kind":"List","apiVersion":"v1","items":[{"kind":"Service","apiVersion":"v1","metadata":{"name":"a","annotations":{"haproxy.org/check":"x"}},"spec":{"ports":[{"port":80}]}}]}"#
        )
        #expect(json.status == 1 && json.output.contains("stdin:1:"), "\(json.output)")
    }

    @Test("standard input without an object is noted, and --fix has no file to change there")
    func emptyInput() async throws {
        let empty = try await lint(input: "")
        #expect(empty.status == 0 && empty.errors.contains("no object that the controller reads"), "\(empty)")
        let fix = try await lint(input: Self.input, ["--fix"])
        #expect(fix.status != 0 && fix.status != 1 && fix.errors.contains("--fix changes files"), "\(fix)")
    }
}
