import Core
@preconcurrency import Dispatch
import Foundation
import Logging

/// A controller that runs: source, loop, HAProxy and admin endpoint, from start to a clean end.
struct Controller {
    let command: RunCommand
    let annotations: AnnotationRegistry
    let logger: Logger

    func run() async throws {
        let signals = StopSignals()
        let program = ProgramSearch.path(of: command.options.program)
        let found = try await HAProxyCapabilities.of(program: program)
        logger.info("starting", metadata: ["version": "\(ControllerVersion.current)", "haproxy": "\(found.version)"])

        let runtimeDirectory = URL(fileURLWithPath: command.runtimeDir).path
        let directory = ConfigurationDirectory(path: command.configDir)
        do { try directory.prepare() } catch { throw FileError(path: command.configDir, error) }
        do {
            try FileManager.default.createDirectory(atPath: runtimeDirectory, withIntermediateDirectories: true)
        } catch {
            throw FileError(path: command.runtimeDir, error)
        }

        var options = command.options.engineOptions
        options.runtimeDirectory = runtimeDirectory
        options.environment.capabilities = Capabilities(found)
        options.fallbackCertificate = try FallbackCertificate.random(now: Int(Date().timeIntervalSince1970))

        let socketPath = runtimeDirectory + "/haproxy-runtime-api.sock"
        let process = HAProxyProcess(
            settings: .init(
                program: program, configurationFile: directory.url.appendingPathComponent("haproxy.cfg").path,
                runtimeDirectory: runtimeDirectory, runtimeSocket: socketPath),
            logger: logger)
        let metrics = Metrics()
        let applier = Applier(
            directory: directory, process: process, check: ConfigurationCheck(program: program),
            socket: RuntimeSocket(path: socketPath, bufferSize: found.bufferSize), metrics: metrics, logger: logger,
            reloadPeriod: command.syncPeriod.duration)
        let loop = ControlLoop(
            engine: Engine(registry: annotations, options: options), applier: applier, metrics: metrics, logger: logger)
        let updates = try ManifestSource(paths: command.manifests).updates()

        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await update in updates { await loop.receive(update) } }
            group.addTask { await loop.run() }
            group.addTask {
                for await case .started(let generation) in process.events where generation > 1 { await loop.processRestarted() }
            }
            if let address = AdminAddress(command.adminBind) {
                let server = AdminServer(metrics: metrics, configuration: { await applier.configuration })
                let logger = logger
                group.addTask {
                    do { try await server.run(address: address) } catch is CancellationError {} catch {
                        if !Task.isCancelled {
                            logger.error("the admin endpoint cannot listen on \(address.host):\(address.port): \(error)")
                        }
                    }
                }
            }
            await signals.next()
            logger.info("stopping: HAProxy serves the requests it has; a second signal stops at once")
            group.cancelAll()
            await applier.stop()
            let stopping = Task { await process.stop(gracePeriod: .seconds(1860)) }
            let impatience = Task {
                await signals.next()
                if !Task.isCancelled { await process.stop(gracePeriod: .zero) }
            }
            await stopping.value
            impatience.cancel()
        }
        try? directory.discardCandidate()
        logger.info("stopped")
    }
}

/// SIGTERM and SIGINT as a sequence.
final class StopSignals: Sendable {
    private let sources: [any DispatchSourceSignal]
    private let stream: AsyncStream<Void>

    init() {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        self.stream = stream
        sources = [SIGTERM, SIGINT].map { number in
            // The default action would end the process before the source sees the signal.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
    }

    /// Waits for the next signal.
    func next() async { for await _ in stream { return } }
}

/// Where a program is.
enum ProgramSearch {
    /// A name without a slash is looked for in PATH, and where Debian has HAProxy.
    static func path(of program: String, environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
        guard !program.contains("/") else { return program }
        let directories = (environment["PATH"] ?? "").split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin"]
        return directories.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) } ?? program
    }
}

/// The certificate that HTTPS shows when none is configured.
enum FallbackCertificate {
    private static let name = "haproxy-ingress.invalid"

    /// A new key each time, valid for ten years.
    static func random(now: Int) throws -> [UInt8] {
        let request = CertificateIssuer.Request(
            commonName: name, dnsNames: [name], notBefore: now - 3600, notAfter: now + 10 * 365 * 86_400)
        // RSA: every client can verify it, and with another kind HAProxy 2.6 fails the first handshake for each name that it
        // generates a certificate for.
        let issued = try CertificateIssuer.issue(request, key: .rsa2048)
        return issued.certificate + issued.key
    }

    /// Stands in where nothing is served, so that the same manifests render to the same files everywhere. Its key is no secret.
    static func placeholder() throws -> [UInt8] {
        let request = CertificateIssuer.Request(
            commonName: "placeholder.\(name)", dnsNames: ["placeholder.\(name)"], notBefore: 1_735_689_600,
            notAfter: 2_051_222_400)
        let issued = try CertificateIssuer.issue(request, key: .fixed(seed: Digest.sha256("haproxy-ingress placeholder".utf8)))
        return issued.certificate + issued.key
    }
}

extension Capabilities {
    init(_ found: HAProxyCapabilities) {
        self.init(
            major: found.major, minor: found.minor, hasPrometheusExporter: found.hasPrometheusExporter, hasQUIC: found.hasQUIC,
            hasLimitedQUIC: found.hasLimitedQUIC, bufferSize: found.bufferSize)
    }
}
