import Annotations
import Controller
import Core
import Foundation
import TestSupport
import Testing

/// Every key of every handler, at every scope, with values that try to be more than a value.
///
/// A new handler is covered without a line of test: keys, scopes and the objects around them come from its reference.
@Suite("Hostile values")
struct HostileValuesTests {
    /// A key at one scope, in the cluster of an example that shows it.
    struct Subject: Sendable, CustomTestStringConvertible {
        let key: KeyReference
        let scope: Scope
        let manifest: String

        var testDescription: String { "\(key.name) on \(scope.title)" }
        /// Lines of snippets are directives: that is what they are for.
        var isSnippet: Bool { key.typeName == ValueType<ConfigSnippet>.snippet.name }
    }

    static let subjects: [Subject] = AnnotationHandlers.all.flatMap { handler -> [Subject] in
        let examples = handler.reference.examples
        return handler.reference.keys.flatMap { key in
            let example = examples.first { $0.shows(key) } ?? examples.first
            return key.scopes.sorted().map { Subject(key: key, scope: $0, manifest: example?.manifest ?? "") }
        }
    }

    static let hostile = [
        "x\ninjected-directive yes", "x\r\ninjected-directive yes", "injected-directive yes", "\"", "'", "x' injected 'y",
        "x\" injected \"y",
        "#", "x # y", "\\", "x\\", "\\\n", "%[", "%[src", "%]", "%", "%%", "%[env(HOME)]", "${HOME}", "\"${HOME}\"", "$(id)",
        "a b c d", " ", "\t",
        "x\ty", "\0", "\u{1}", "\u{7f}", "\u{1b}[31m", "}", "{ always_true }", "if TRUE", "unless FALSE", ";", "x;y", "|", "&",
        "<", ">", "*", "(", ")",
        "[", "]", ",", "..", "../../etc/passwd", "/etc/passwd", "@1", "ü", "日本", "\u{202e}", "'\u{301} injected", "\"\u{301}",
        "%\u{301}", "#\u{301}",
        "\\\u{301}", "{\u{301}", " \u{301}x", "x\u{301}'\u{200d} y", "\\x62ackend x", "\"${UNSET}backend\" x", "-1", "0",
        "99999999999999999999",
        "1e9", "0x10",
        "end\n\n\n", "global", "backend x", String(repeating: "A", count: 20_000),
    ]

    @Test("a value never becomes a directive, and HAProxy accepts what is made of it", arguments: subjects)
    func value(subject: Subject) async throws {
        try await Gate.processes.pass { try await Self.tryAll(subject) }
    }

    private static func tryAll(_ subject: Subject) async throws {
        let registry = try AnnotationRegistry(AnnotationHandlers.all)
        let values = Self.hostile + Self.hostile.flatMap { ["\(subject.key.example)\($0)", "\($0)\(subject.key.example)"] }
        var seen: Set<String> = []
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        for value in values {
            let assembly = Self.assemble(subject, value: value, registry: registry)
            let rendered = RenderedConfiguration(assembly.state.sections)
            if !subject.isSnippet {
                let lines =
                    rendered.text.split(separator: "\n") + assembly.state.maps.values.flatMap { $0.text.split(separator: "\n") }
                let injected = lines.filter { $0.drop { $0 == " " }.hasPrefix("injected-directive") }
                #expect(injected.isEmpty, "\(subject.testDescription): \(value.quotedForPeople)")
            }
            // Most values are refused and lead to what is known already.
            let files = assembly.state.renderedFiles()
            let content = files.sorted { $0.key < $1.key }.map { "\($0.key)\n\(String(decoding: $0.value, as: UTF8.self))" }
                .joined()
            guard seen.insert(content).inserted else { continue }
            try await Self.check(files, rendered: rendered, in: directory.url, subject: subject, value: value)
        }
    }

    private static func check(
        _ files: [String: [UInt8]], rendered: RenderedConfiguration, in directory: URL, subject: Subject, value: String
    ) async throws {
        let place = directory.appendingPathComponent(UUID().uuidString)
        for (path, content) in files {
            let file = place.appendingPathComponent(path)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(content).write(to: file)
        }
        let verdict = try await ConfigurationCheck().check(file: "haproxy.cfg", directory: place.path)
        guard case .invalid(let problems, let output) = verdict else { return }
        let problem = problems.first
        let origin = problem?.line.flatMap { rendered.origin(ofLine: $0) }
        #expect(
            subject.key.isCheckedByHAProxy && origin?.key?.hasSuffix(subject.key.name) == true && origin?.object != nil,
            "\(subject.testDescription): \(value.quotedForPeople): \(output) (origin: \(origin?.description ?? "none"))")
    }

    /// The cluster of the handler's example with the value in it.
    private static func assemble(_ subject: Subject, value: String, registry: AnnotationRegistry) -> Assembly {
        var objects = decodeDocuments(Array(subject.manifest.utf8), file: "example.yaml").objects.map(\.object)
        if !objects.contains(where: { $0.key.kind == .configMap && $0.key.name == "haproxy-configmap" }) {
            objects.append(
                .configMap(ConfigMap(metadata: ObjectMeta(namespace: "default", name: "haproxy-configmap"), data: [:])))
        }
        if !objects.contains(where: { $0.key.kind == .ingress }) {
            let backend = IngressBackend(serviceName: "web", port: .number(80))
            objects.append(
                .ingress(
                    Ingress(
                        metadata: ObjectMeta(namespace: "shop", name: "web"),
                        rules: [
                            IngressRule(
                                host: "shop.example.com", paths: [IngressPath(path: "/", pathType: .prefix, backend: backend)])
                        ])))
            objects.append(
                .service(
                    Service(metadata: ObjectMeta(namespace: "shop", name: "web"), ports: [ServicePort(name: "http", port: 80)])))
        }
        objects = objects.map { object in
            switch (object, subject.scope) {
            case (.ingress(var ingress), .ingress):
                ingress.metadata.annotations["haproxy.org/\(subject.key.name)"] = value
                return .ingress(ingress)
            case (.service(var service), .service):
                service.metadata.annotations["haproxy.org/\(subject.key.name)"] = value
                return .service(service)
            case (.configMap(var configMap), .configMap) where configMap.metadata.name == "haproxy-configmap":
                configMap.data[subject.key.name] = value
                return .configMap(configMap)
            // The example's own value, which may be nearer, would hide the hostile one.
            case (.ingress(var ingress), _):
                ingress.metadata.annotations["haproxy.org/\(subject.key.name)"] = nil
                return .ingress(ingress)
            case (.service(var service), _):
                service.metadata.annotations["haproxy.org/\(subject.key.name)"] = nil
                return .service(service)
            default: return object
            }
        }
        var options = EngineOptions()
        options.assumesMissingClassesAreOurs = true
        options.environment.processors = 2
        options.patternFilesConfigMap = EngineOptions.ObjectName(namespace: "default", name: "haproxy-patterns")
        options.fallbackCertificate = fallback
        return Engine(registry: registry, options: options).assemble(ObjectStore(objects), now: 1_800_000_000)
    }

    private static let fallback: [UInt8] = {
        let request = CertificateIssuer.Request(commonName: "fallback.test", notBefore: 0, notAfter: 4_000_000_000)
        guard let issued = try? CertificateIssuer.issue(request) else { return [] }
        return issued.certificate + issued.key
    }()
}
