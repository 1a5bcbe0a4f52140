import ArgumentParser
import Core
import Foundation

/// `haproxy-ingress render`: the configuration as files, without starting anything.
struct RenderCommand: AnnotationCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Write the configuration that manifests lead to.",
        discussion: """
            Without --output, haproxy.cfg and the maps are printed. With it, everything that HAProxy reads is written to the \
            directory, which `haproxy -c -f DIR/haproxy.cfg` accepts. The same manifests give the same bytes; in place of the \
            random certificate that a controller makes when none is configured there is a fixed one, whose key is no secret.

            What is wrong with the manifests is told on standard error; what can be rendered is rendered.
            """)

    @Option(help: ArgumentHelp("A directory or file with manifests; can be repeated.", valueName: "dir"))
    var manifests: [String] = []

    @Option(help: ArgumentHelp("Write the files here.", valueName: "dir"))
    var output: String?

    @Flag(help: "Add a comment to each line of haproxy.cfg that names the object and key it comes from.")
    var withOrigins = false

    @Option(help: ArgumentHelp("The directory for sockets that haproxy.cfg names.", valueName: "dir"))
    var runtimeDir = "/var/run/haproxy-ingress"

    @OptionGroup(title: "Configuration options")
    var options: ConfigurationOptions

    mutating func run(annotations: AnnotationRegistry) async throws {
        try ManifestsOption.require(manifests)
        let offline = try await OfflineAssembly(
            paths: manifests, options: options, runtimeDirectory: runtimeDir, annotations: annotations)
        for finding in offline.findings {
            FileHandle.standardError.write(Data("\(finding.severity.rawValue): \(finding)\n".utf8))
        }
        var state = offline.assembly.state
        let files = state.renderedFiles(inlining: options.inlinedBackends, withOrigins: withOrigins)
        guard let output else {
            print(String(decoding: files["haproxy.cfg"] ?? [], as: UTF8.self), terminator: "")
            for path in state.maps.keys.map(MapFile.path).sorted() {
                print("\n# \(path)\n\(String(decoding: files[path] ?? [], as: UTF8.self))", terminator: "")
            }
            return
        }
        let directory = ConfigurationDirectory(path: output)
        try directory.prepare()
        try directory.write(state, rendered: files)
    }
}

/// What manifests lead to, without a running HAProxy.
struct OfflineAssembly {
    let engine: Engine
    let store: ObjectStore
    let assembly: AssemblyReport
    let findings: [Finding]
    let loaded: LoadedManifests

    init(
        paths: [String], standardInput: [UInt8]? = nil, isLenient: Bool = false, options: ConfigurationOptions,
        runtimeDirectory: String = "/var/run/haproxy-ingress", annotations: AnnotationRegistry,
        change: (inout EngineOptions) -> Void = { _ in }
    ) async throws {
        try Self.require(paths)
        let loaded = ManifestSource.load(paths: paths, standardInput: standardInput, isLenient: isLenient)
        var engineOptions = options.engineOptions
        engineOptions.runtimeDirectory = runtimeDirectory
        engineOptions.fallbackCertificate = try FallbackCertificate.placeholder()
        if let program = options.program {
            engineOptions.environment.capabilities = Capabilities(
                try await HAProxyCapabilities.of(program: ProgramSearch.path(of: program)))
        }
        change(&engineOptions)
        engine = Engine(registry: annotations, options: engineOptions)
        store = ObjectStore(loaded.update.changed)
        assembly = engine.assemble(store, now: Int(Date().timeIntervalSince1970))
        self.loaded = loaded
        findings = loaded.update.findings + assembly.findings.map(loaded.located)
    }

    /// Whether no object was found, not even one that cannot be used.
    var isEmpty: Bool { loaded.update.changed.isEmpty && loaded.update.findings.isEmpty }

    /// - Throws: ValidationError for a path where nothing is.
    static func require(_ paths: [String]) throws {
        for path in paths where !FileManager.default.fileExists(atPath: path) {
            throw ValidationError("\(path.quotedForPeople) does not exist")
        }
    }
}
