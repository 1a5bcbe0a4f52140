import Annotations
import Controller
import Core
import Foundation
import TestSupport
import Testing

/// Every key of every handler, at every scope, with values that try to be more than a value. Around an example they are tried at
/// the nearest scope only, and only where the key accepts the whole: the engine hands handlers nothing else.
///
/// A new handler is covered without a line of test: keys, scopes and the objects around them come from its reference.
@Suite("Hostile values")
struct HostileValuesTests {
    /// A key in the cluster of an example that shows it.
    struct Subject: Sendable, CustomTestStringConvertible {
        let key: KeyReference
        let manifest: String

        var testDescription: String { key.name }
        /// Lines of snippets are directives: that is what they are for.
        var isSnippet: Bool { key.typeName == ValueType<ConfigSnippet>.snippet.name }
    }

    static let subjects: [Subject] = AnnotationHandlers.all.flatMap { handler -> [Subject] in
        let examples = handler.reference.examples
        return handler.reference.keys.map { key in
            let example = examples.first { $0.shows(key) } ?? examples.first
            return Subject(key: key, manifest: example?.manifest ?? "")
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
        let cluster = decodeDocuments(Array(subject.manifest.utf8), file: "example.yaml").objects.map(\.object)
        let around = hostile.flatMap { ["\(subject.key.example)\($0)", "\($0)\(subject.key.example)"] }
            .filter { (try? subject.key.validate($0)) != nil }
        let good = [subject.key.example] + cluster.compactMap { Self.written(subject.key, in: $0) }
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        // What is equal is checked once. Most values are refused and lead to what the cluster is without the key.
        var known: [DesiredState] = []
        for scope in subject.key.scopes.sorted(by: >) {
            // Whom a refusal of HAProxy's blames depends on the scope; what a value becomes does not.
            var refused: [DesiredState] = []
            for value in good + hostile + (scope == subject.key.scopes.max() ? around : []) {
                let place = Place(subject: subject, scope: scope, value: value)
                let assembly = assemble(place, in: cluster, registry: registry)
                guard !known.contains(assembly.state), !refused.contains(assembly.state) else { continue }
                var state = assembly.state
                let files = state.renderedFiles(inlining: .max)
                let rendered = RenderedConfiguration(state.loadedSections)
                expectNoInjection(rendered, state, place)
                if try await check(files, rendered: rendered, in: directory.url, place: place) {
                    known.append(assembly.state)
                } else {
                    refused.append(assembly.state)
                }
            }
            if known.count + refused.count > 1 { continue }
            // What the installed HAProxy cannot do shows in the text alone.
            for value in good + hostile {
                let place = Place(subject: subject, scope: scope, value: value)
                var state = assemble(place, in: cluster, registry: registry, capabilities: Capabilities(hasQUIC: true)).state
                if known.contains(state) { continue }
                known.append(state)
                _ = state.renderedFiles(inlining: .max)
                expectNoInjection(RenderedConfiguration(state.loadedSections), state, place)
            }
            // The two of either HAProxy without the key, and one with it.
            #expect(known.count > 2, "\(subject.key.name) on \(scope.title) has no effect in the example: nothing was tried")
        }
    }

    /// The key's value in an object of the example.
    private static func written(_ key: KeyReference, in object: KubernetesObject) -> String? {
        switch object {
        case .ingress(let ingress): ingress.metadata.annotations["haproxy.org/\(key.name)"]
        case .service(let service): service.metadata.annotations["haproxy.org/\(key.name)"]
        case .configMap(let configMap): configMap.data[key.name]
        default: nil
        }
    }

    private static func expectNoInjection(_ rendered: RenderedConfiguration, _ state: DesiredState, _ place: Place) {
        guard !place.subject.isSnippet else { return }
        let lines = rendered.text.split(separator: "\n") + state.maps.values.flatMap { $0.text.split(separator: "\n") }
        #expect(!lines.contains { $0.drop { $0 == " " }.hasPrefix("injected-directive") }, "\(place)")
    }

    /// A value of a key, written somewhere.
    private struct Place: CustomStringConvertible {
        let subject: Subject
        let scope: Scope
        let value: String
        var key: KeyReference { subject.key }
        var description: String { "\(key.name) on \(scope.title): \(value.quotedForPeople)" }
    }

    /// - Returns: whether HAProxy accepts the files. If it does not, it has to blame whoever wrote the value.
    private static func check(
        _ files: [String: [UInt8]], rendered: RenderedConfiguration, in directory: URL, place: Place
    ) async throws -> Bool {
        let home = directory.appendingPathComponent(UUID().uuidString)
        for (path, content) in files {
            let file = home.appendingPathComponent(path)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(content).write(to: file)
        }
        let verdict = try await ConfigurationCheck().check(file: "haproxy.cfg", directory: home.path)
        guard case .invalid(let problems, let output) = verdict else { return true }
        // Of a bad log-format HAProxy complains once more at the controller's own lines with %[ in each frontend.
        let origins = problems.compactMap { $0.line.flatMap { rendered.origin(ofLine: $0) } }.filter { $0.object != nil }
        #expect(
            place.key.isCheckedByHAProxy && !origins.isEmpty && origins.allSatisfy { $0.key?.hasSuffix(place.key.name) == true },
            "\(place): \(output) (origins: \(origins))")
        return false
    }

    /// The cluster of the handler's example with the value in it.
    private static func assemble(
        _ place: Place, in cluster: [KubernetesObject], registry: AnnotationRegistry, capabilities: Capabilities = .init()
    ) -> AssemblyReport {
        var objects = cluster
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
            switch (object, place.scope) {
            case (.ingress(var ingress), .ingress):
                ingress.metadata.annotations["haproxy.org/\(place.key.name)"] = place.value
                return .ingress(ingress)
            case (.service(var service), .service):
                service.metadata.annotations["haproxy.org/\(place.key.name)"] = place.value
                return .service(service)
            case (.configMap(var configMap), .configMap) where configMap.metadata.name == "haproxy-configmap":
                configMap.data[place.key.name] = place.value
                return .configMap(configMap)
            // The example's own value, which may be nearer, would hide the hostile one.
            case (.ingress(var ingress), _):
                ingress.metadata.annotations["haproxy.org/\(place.key.name)"] = nil
                return .ingress(ingress)
            case (.service(var service), _):
                service.metadata.annotations["haproxy.org/\(place.key.name)"] = nil
                return .service(service)
            default: return object
            }
        }
        var options = EngineOptions()
        options.ingressClass = "haproxy"
        options.acceptsEmptyIngressClass = true
        options.assumesMissingClassesAreOurs = true
        options.environment = AnnotationEnvironment(capabilities: capabilities, processors: 2)
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
