import Core
import Foundation
import Testing

@testable import Annotations

/// A handler with a name that test output shows.
struct ReferencedHandler: Sendable, CustomTestStringConvertible {
    let reference: AnnotationReference
    let testDescription: String

    static let all = AnnotationHandlers.all.map { ReferencedHandler(reference: $0.reference, testDescription: "\($0)") }
}

@Suite("What every handler says of itself")
struct ReferenceTests {
    @Test("Handlers are registered, and no two of them claim one key")
    func registry() throws {
        let registry = try AnnotationRegistry(AnnotationHandlers.all)
        #expect(!registry.handlers.isEmpty)
        #expect(registry.references.count == Set(registry.references.map(\.name)).count)
    }

    @Test(
        "A handler has a title, a summary, keys, an example, and a family that can name a page", arguments: ReferencedHandler.all)
    func handler(_ handler: ReferencedHandler) {
        let reference = handler.reference
        #expect(!reference.title.isEmpty)
        #expect(reference.summary.hasSuffix("."), "a summary is made of sentences")
        #expect(!reference.keys.isEmpty)
        #expect(!reference.examples.isEmpty)
        #expect(reference.family.wholeMatch(of: /[a-z0-9]+(-[a-z0-9]+)*/) != nil)
        #expect(reference.family != "readme")
    }

    @Test("A key has a summary in sentences, scopes, a type and a release", arguments: ReferencedHandler.all)
    func keys(_ handler: ReferencedHandler) {
        for key in handler.reference.keys {
            #expect(key.summary.hasSuffix("."), "\(key.name)")
            #expect(!key.scopes.isEmpty, "\(key.name)")
            #expect(!key.typeName.isEmpty && !key.expected.isEmpty && !key.since.isEmpty, "\(key.name)")
            #expect(!key.expected.hasSuffix("."), "\(key.name): it stands inside a sentence")
            #expect(key.name.wholeMatch(of: /[a-z0-9]+([-.][a-z0-9]+)*/) != nil, "\(key.name)")
        }
    }

    @Test("The example of a key is a value that the key accepts", arguments: ReferencedHandler.all)
    func examples(_ handler: ReferencedHandler) {
        for key in handler.reference.keys {
            #expect(throws: Never.self, "\(key.name): \(key.example)") { try key.validate(key.example) }
        }
    }

    @Test("A default that is one word is a value that the key accepts", arguments: ReferencedHandler.all)
    func defaults(_ handler: ReferencedHandler) {
        for key in handler.reference.keys {
            guard let value = key.defaultValue, !value.isEmpty, !value.contains(where: \.isWhitespace) else { continue }
            #expect(throws: Never.self, "\(key.name): \(value)") { try key.validate(value) }
        }
    }

    @Test("The examples of a handler show each of its keys, and say what they lead to", arguments: ReferencedHandler.all)
    func shown(_ handler: ReferencedHandler) {
        for key in handler.reference.keys {
            #expect(handler.reference.examples.contains { $0.shows(key) }, "no example shows \(key.name)")
        }
        for example in handler.reference.examples {
            #expect(!example.leadsTo.isEmpty && example.leadsTo.allSatisfy { !$0.isEmpty }, "\(example.title)")
        }
    }
}

extension AnnotationExample {
    /// Whether the manifest sets the key, under its present name.
    func shows(_ key: KeyReference) -> Bool {
        manifest.split(separator: "\n").contains { line in
            let word = line.drop { $0 == " " }.prefix { $0 != ":" }
            return word == key.name || word == "haproxy.org/\(key.name)"
        }
    }
}

@Suite("The example manifests of the reference")
struct ReferenceExampleTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let example: AnnotationExample
        let testDescription: String

        static let all = ReferencedHandler.all.flatMap { handler in
            handler.reference.examples.map { Example(example: $0, testDescription: "\(handler.testDescription): \($0.title)") }
        }
    }

    /// What a cluster has before anyone applies an example.
    private static let ingressClass = """
        apiVersion: networking.k8s.io/v1
        kind: IngressClass
        metadata: {name: haproxy}
        spec: {controller: haproxy.org/ingress-controller}
        ---

        """

    @Test("An example is free of findings, leads to what it says, and HAProxy accepts the result", arguments: Example.all)
    func example(_ example: Example) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "reference-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: directory) }

        let manifest = Self.ingressClass + example.example.manifest
        let decoded = decodeDocuments(Array(manifest.utf8), file: "example.yaml")
        #expect(decoded.isComplete && decoded.findings.isEmpty, "\(decoded.findings)")
        var options = EngineOptions()
        options.runtimeDirectory = directory.path
        options.patternFilesConfigMap = EngineOptions.ObjectName(namespace: "default", name: "haproxy-patterns")
        options.environment.capabilities = example.example.capabilities
        options.fallbackCertificate = Array("\(ExampleCertificate.certificate)\n\(ExampleCertificate.key)\n".utf8)
        let engine = Engine(registry: try AnnotationRegistry(AnnotationHandlers.all), options: options)
        let store = ObjectStore(decoded.objects.map(\.object))
        let assembly = engine.assemble(store, now: Int(Date().timeIntervalSince1970))
        let findings = assembly.findings + engine.unusedServiceFindings(store, assembly: assembly)
        #expect(findings.isEmpty, "\(findings)")

        var state = assembly.state
        let files = state.renderedFiles(inlining: .max)
        let texts = files.mapValues { String(decoding: $0, as: UTF8.self) }
        for line in example.example.leadsTo {
            #expect(Self.holds(texts, line), "nothing rendered holds \(line)")
        }
        // The installed HAProxy need not be able to do what the example shows.
        guard example.example.capabilities == Capabilities() else { return }
        for (path, content) in files {
            let file = directory.appending(path: path)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(content).write(to: file)
        }
        let (status, output) = try Self.check(directory)
        #expect(status == 0, "\(output)\n\(texts["haproxy.cfg"] ?? "")")
    }

    /// Whether a part of a line of haproxy.cfg, or `maps/NAME.map: ENTRY`, is among the rendered files.
    private static func holds(_ texts: [String: String], _ line: String) -> Bool {
        if let match = line.wholeMatch(of: /(maps\/[^ :]+): (.+)/) {
            return texts[String(match.1)]?.contains(match.2) == true
        }
        return texts.contains { $0.key == "haproxy.cfg" && $0.value.contains(line) }
    }

    private static func check(_ directory: URL) throws -> (status: Int32, output: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["haproxy", "-c", "-f", "haproxy.cfg"]
        process.currentDirectoryURL = directory
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
