import Annotations
import Controller
import Core
import Foundation
import TestSupport
import Testing

/// Golden/CASE/input.yaml leads to the files beside it: haproxy.cfg with the origin of every line, the maps, the list of
/// certificates and what the controller says about the objects. A file `capabilities` in the folder names what HAProxy can do
/// beyond release 2.6 as Debian builds it (`quic`, `limited-quic`), one word a line; HAProxy is not asked about such a case.
///
/// Recorded anew, to be read as a diff before it is committed, by `RECORD_GOLDEN=1 swift test --filter GoldenTests`.
@Suite struct GoldenTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")

    private static let cases =
        (try? FileManager.default.contentsOfDirectory(atPath: root.path))?.filter { !$0.hasPrefix(".") }.sorted() ?? []

    @Test(arguments: cases)
    func `Manifests lead to the recorded configuration, which HAProxy accepts`(_ name: String) async throws {
        let directory = Self.root.appendingPathComponent(name)
        let capabilities = try Self.capabilities(in: directory)
        let assembly = try Self.assemble(
            try Data(contentsOf: directory.appendingPathComponent("input.yaml")), capabilities: capabilities)
        let files = Self.recorded(assembly)
        if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] != nil {
            for old in try Self.names(in: directory) where files[old] == nil {
                try FileManager.default.removeItem(at: directory.appendingPathComponent(old))
            }
            for (file, text) in files { try Data(text.utf8).write(to: directory.appendingPathComponent(file)) }
        }
        #expect(try Self.names(in: directory) == files.keys.sorted())
        for (file, text) in files.sorted(by: { $0.key < $1.key }) {
            let known = try? String(contentsOf: directory.appendingPathComponent(file), encoding: .utf8)
            let changes = text.split(separator: "\n").difference(from: (known ?? "").split(separator: "\n")).map { change in
                switch change {
                case .insert(let line, let text, _): "+\(line + 1) \(text)"
                case .remove(let line, let text, _): "-\(line + 1) \(text)"
                }
            }
            #expect(known == text, "\(name)/\(file):\n\(changes.joined(separator: "\n"))")
        }
        if capabilities == Capabilities() { try await Self.check(assembly, name: name) }
    }

    private static func capabilities(in directory: URL) throws -> Capabilities {
        let file = directory.appendingPathComponent("capabilities")
        var capabilities = Capabilities()
        guard FileManager.default.fileExists(atPath: file.path) else { return capabilities }
        for word in try String(contentsOf: file, encoding: .utf8).split(whereSeparator: \.isWhitespace) {
            switch word {
            case "quic": capabilities.hasQUIC = true
            case "limited-quic": capabilities.hasLimitedQUIC = true
            default: Issue.record("\(file.path): \(word) is no capability")
            }
        }
        return capabilities
    }

    @Test func `There are cases`() { #expect(Self.cases.count > 10) }

    private static func assemble(_ manifest: Data, capabilities: Capabilities) throws -> AssemblyReport {
        let decoded = decodeDocuments(Array(manifest), file: "input.yaml")
        #expect(decoded.isComplete && decoded.findings.isEmpty, "\(decoded.findings)")
        var options = EngineOptions()
        options.patternFilesConfigMap = EngineOptions.ObjectName(namespace: "default", name: "haproxy-patterns")
        let services = ObjectKey(.configMap, namespace: "default", name: "haproxy-tcp")
        if decoded.objects.contains(where: { $0.object.key == services }) {
            options.tcpServicesConfigMap = EngineOptions.ObjectName(namespace: services.namespace, name: services.name)
        }
        options.environment = AnnotationEnvironment(capabilities: capabilities, processors: 4)
        options.fallbackCertificate = fallback
        let engine = Engine(registry: try AnnotationRegistry(AnnotationHandlers.all), options: options)
        return engine.assemble(ObjectStore(decoded.objects.map(\.object)), now: 1_800_000_000)
    }

    private static func recorded(_ assembly: AssemblyReport) -> [String: String] {
        var state = assembly.state
        let rendered = state.renderedFiles(inlining: .max, withOrigins: true)
            .mapValues { String(decoding: $0, as: UTF8.self) }
        var files = ["haproxy.cfg": rendered["haproxy.cfg"] ?? ""]
        for (name, map) in state.maps where !map.entries.isEmpty { files["\(name).map"] = rendered[MapFile.path(name)] }
        if !assembly.state.certificateList.entries.isEmpty { files["frontend.list"] = assembly.state.certificateList.text }
        if !assembly.findings.isEmpty {
            files["findings.txt"] = assembly.findings.map { "\($0.severity.rawValue): \($0)\n" }.joined()
        }
        return files
    }

    private static func names(in directory: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path)
            .filter { $0 != "input.yaml" && $0 != "capabilities" }.sorted()
    }

    private static func check(_ assembly: AssemblyReport, name: String) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        var state = assembly.state
        for (path, content) in state.renderedFiles(inlining: .max) {
            let file = directory.url.appendingPathComponent(path)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(content).write(to: file)
        }
        let verdict = try await ConfigurationCheck().check(file: "haproxy.cfg", directory: directory.url.path)
        if case .invalid(_, let output) = verdict { Issue.record("\(name): \(output)") }
    }

    private static let fallback: [UInt8] = {
        let request = CertificateIssuer.Request(commonName: "fallback.test", notBefore: 0, notAfter: 4_000_000_000)
        guard let issued = try? CertificateIssuer.issue(request) else { return [] }
        return issued.certificate + issued.key
    }()
}
