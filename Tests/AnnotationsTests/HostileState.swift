import Annotations
import Controller
import Core
import Foundation
import TestSupport

/// What the engine makes of a victim's objects and hostile ones, judged by what HAProxy's readers make of it.
struct HostileState {
    let objects: [KubernetesObject]
    /// What is wrong with the texts of the objects.
    let found: [Finding]
    let assembly: AssemblyReport
    let files: [String: [UInt8]]
    let configuration: RenderedConfiguration
    private var state: DesiredState

    init(_ manifests: [(text: String, file: String)]) throws {
        let decoded = manifests.map { decodeDocuments(Array($0.text.utf8), file: $0.file) }
        objects = decoded.flatMap { $0.objects.map(\.object) }
        found = decoded.flatMap(\.findings)
        assembly = try Self.assemble(objects)
        state = assembly.state
        files = state.renderedFiles(inlining: .max)
        configuration = RenderedConfiguration(state.loadedSections)
    }

    static func assemble(_ objects: [KubernetesObject]) throws -> AssemblyReport {
        var options = EngineOptions()
        options.acceptsEmptyIngressClass = true
        options.assumesMissingClassesAreOurs = true
        options.ingressClass = "haproxy"
        options.environment = AnnotationEnvironment(capabilities: Capabilities(), processors: 2)
        let request = CertificateIssuer.Request(commonName: "fallback.test", notBefore: 0, notAfter: 4_000_000_000)
        let issued = try CertificateIssuer.issue(request)
        options.fallbackCertificate = issued.certificate + issued.key
        let registry = try AnnotationRegistry(AnnotationHandlers.all)
        return Engine(registry: registry, options: options).assemble(ObjectStore(objects), now: Int(Date().timeIntervalSince1970))
    }

    /// The first words of lines that the examples of all handlers lead to.
    static func knownHeads() throws -> Set<[String]> {
        // Beside those of the examples: those of names outside of the cluster.
        var heads: Set<[String]> = [
            ["server"], ["default-server"], ["backend"], ["userlist"], ["user"], ["http-request", "do-resolve"],
            ["http-request", "return"], ["http-request", "add-header"],
            ["http-request", "set-dst"], ["http-request", "set-dst-port"], ["tcp-request", "content"],
        ]
        let examples = AnnotationHandlers.all.flatMap { $0.reference.examples }
        for example in examples {
            let state = try HostileState([(example.manifest, "example.yaml")])
            for line in state.configuration.text.split(separator: "\n") {
                heads.insert(head(line.split(separator: " ").map(String.init)))
            }
        }
        return heads
    }

    /// The words that say what a line does, without arguments in parentheses.
    private static func head(_ words: [String]) -> [String] {
        let hasAction = [
            "http-request", "http-response", "http-after-response", "tcp-request", "tcp-response", "option", "http-check",
        ]
        let count = words.first.map(hasAction.contains) == true ? 2 : 1
        return words.prefix(count).map { word in String(word.prefix { $0 != "(" }) }
    }

    // MARK: - Problems

    /// Everything that is not as it has to be.
    ///
    /// - Parameter alone: the victim's objects without the others.
    func problems(beside alone: HostileState, heads: Set<[String]>) -> [String] {
        lineProblems(heads) + mapProblems(alone) + fileProblems + certificateProblems + findingProblems
    }

    private static func isHostile(_ namespace: String?) -> Bool {
        namespace.map { !["", "shop"].contains($0) } ?? false
    }

    private func lineProblems(_ heads: Set<[String]>) -> [String] {
        var problems: [String] = []
        let bytes = files["haproxy.cfg"] ?? []
        if Array(configuration.text.utf8) != bytes { problems.append("haproxy.cfg is not what was rendered") }
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let text = String(decoding: line, as: UTF8.self)
            if line.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
                problems.append("a control character: \(text.quotedForPeople)")
            }
            guard let origin = configuration.origin(ofLine: index + 1), Self.isHostile(origin.object?.namespace) else { continue }
            guard let words = try? ConfigurationWords.read(text) else {
                problems.append("cannot be read as words: \(text.prefix(500)) (\(origin))")
                continue
            }
            if words.count > ReaderLimits.words { problems.append("\(words.count) words: \(text.prefix(500))") }
            if !words.isEmpty, !heads.contains(Self.head(words)) {
                problems.append("begins with no known words: \(text.prefix(500))")
            }
            if words.first == "server", !Self.isEndpoint(words.dropFirst(2).first ?? "") {
                problems.append("is no endpoint: \(text.prefix(500))")
            }
            if words.first == "backend" || words.first == "userlist",
                words.count != 2 || !words[1].utf8.allSatisfy({ Self.isInNames($0) })
            {
                problems.append("is no section: \(text.prefix(500))")
            }
        }
        return problems
    }

    private static func isInNames(_ byte: UInt8) -> Bool {
        byte < 0x80
            && (Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber
                || "_.:-~".utf8.contains(byte))
    }

    /// An address or a DNS name, and a port.
    private static func isEndpoint(_ text: String) -> Bool {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port)
        else {
            return false
        }
        let address = text[..<colon]
        if address.hasPrefix("["), address.hasSuffix("]") {
            return IPAddress(String(address.dropFirst().dropLast()))?.isIPv6 == true
        }
        return IPAddress(String(address))?.isIPv6 == false || address.utf8.allSatisfy { isInNames($0) && $0 != UInt8(ascii: ":") }
    }

    private func mapProblems(_ alone: HostileState) -> [String] {
        var problems: [String] = []
        let places = places
        for (name, map) in assembly.state.maps {
            let text = files[MapFile.path(name)] ?? []
            let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            if lines.count != map.entries.count + 1 {
                problems.append("\(name): \(lines.count - 1) lines for \(map.entries.count) entries")
            }
            var keys: Set<[UInt8]> = []
            for line in lines.dropLast() {
                // HAProxy reads a line of less than tune.bufsize, and ends the key at the first blank.
                if line.count >= 16_384 - 1 { problems.append("\(name): a line of \(line.count) bytes") }
                if line.contains(where: { $0 < 0x20 || $0 == 0x7f }) { problems.append("\(name): a control character") }
                if line.first == UInt8(ascii: " ") || line.first == UInt8(ascii: "#") { problems.append("\(name): no key") }
                keys.insert(Array(line.prefix { $0 != UInt8(ascii: " ") }))
            }
            if keys.count != map.entries.count { problems.append("\(name): \(keys.count) keys of \(map.entries.count) are read") }
            let before = alone.assembly.state.maps[name]?.entries ?? [:]
            for (key, value) in before where map.entries[key] != value {
                // With paths of others a host is no whole one any more, but path-prefix has it.
                if name == "host-route", map.entries[key] == nil, key == HostileObjects.victimHost { continue }
                problems.append("\(name): the victim's \(key) is \(map.entries[key] ?? "gone") and was \(value)")
            }
            guard ["host", "host-route", "path-exact", "path-prefix", "sni"].contains(name) else { continue }
            for key in map.entries.keys where before[key] == nil {
                let plain = key.removingPercentEncoding ?? key
                if !places.contains(key), !places.contains(plain) { problems.append("\(name): nobody has \(key.prefix(300))") }
            }
        }
        return problems
    }

    /// The keys that the rules of the hostile Ingresses may have.
    private var places: Set<String> {
        var places: Set<String> = ["default"]
        for case .ingress(let ingress) in objects where Self.isHostile(ingress.metadata.namespace) {
            for rule in ingress.rules {
                let host = rule.host.map { $0.hasPrefix("*.") ? String($0.dropFirst()) : $0 } ?? ""
                places.formUnion([host, "\(host)/"])
                for path in rule.paths {
                    let key = host + path.path
                    for spelling in [key, key.removingPercentEncoding ?? key] { places.formUnion([spelling, "\(spelling)/"]) }
                }
            }
        }
        return places
    }

    private var fileProblems: [String] {
        files.keys.compactMap { path in
            let names = path.split(separator: "/", omittingEmptySubsequences: false)
            let isRight = names.allSatisfy {
                (1...255).contains($0.utf8.count) && $0 != ".." && $0 != "." && $0.utf8.allSatisfy(Self.isInNames)
            }
            return isRight ? nil : "the file \(path.quotedForPeople)"
        }
    }

    /// Findings become lines of the log and messages of Events.
    private var findingProblems: [String] {
        (found + assembly.findings).map(\.description).compactMap { text in
            let isLine = text.unicodeScalars.allSatisfy { scalar in
                ![.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
            }
            return isLine && text.utf8.count < 4000 ? nil : "a finding of \(text.utf8.count) bytes: \(text.prefix(500))"
        }
    }

    private var certificateProblems: [String] {
        var problems: [String] = []
        let lines = files[CertificateList.path]?.split(separator: UInt8(ascii: "\n")) ?? []
        for line in lines {
            let words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
            if line.count >= 65_536 || words.count > 2048 { problems.append("a line of the crt-list of \(line.count) bytes") }
            guard words[0].hasPrefix("certs/frontend/"), !words[0].hasPrefix("certs/frontend/shop_") else { continue }
            let victim = HostileObjects.victimHost
            let wildcard = "*." + victim.drop { $0 != "." }.dropFirst()
            if words.contains(victim) || words.contains(wildcard) && !words.contains("!\(victim)") {
                problems.append("\(words[0]) is shown for \(victim): \(words.dropFirst().prefix(20))")
            }
            if words.dropFirst().contains(where: {
                !$0.utf8.allSatisfy { Self.isInNames($0) || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "!") }
            }) {
                problems.append("no name: \(words.dropFirst().prefix(20))")
            }
        }
        return problems
    }

    // MARK: - HAProxy

    /// What `haproxy -c` says against the files, with who wrote the lines that it is about; nil where it takes them.
    func refusal() async throws -> (output: String, origins: [Origin])? {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        for (path, content) in files {
            let file = directory.url.appendingPathComponent(path)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(content).write(to: file)
        }
        guard
            case .invalid(let problems, let output) = try await ConfigurationCheck().check(
                file: "haproxy.cfg", directory: directory.path)
        else { return nil }
        return (output, problems.compactMap(\.line).compactMap { configuration.origin(ofLine: $0) })
    }
}
