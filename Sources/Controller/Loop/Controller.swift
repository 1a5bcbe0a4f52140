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
        let source = try await ObjectSource(command, logger: logger)
        let program = ProgramSearch.path(of: command.options.program ?? "haproxy")
        let found = try await HAProxyCapabilities.of(program: program)
        logger.info("starting", metadata: ["version": "\(ControllerVersion.current)", "haproxy": "\(found.version)"])

        let runtimeDirectory = URL(fileURLWithPath: command.runtimeDir).path
        let directory = ConfigurationDirectory(path: command.configDir)
        for (path, given) in [(directory.url.path, command.configDir), (runtimeDirectory, command.runtimeDir)] {
            do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
                throw FileError(path: given, error)
            }
        }
        let locks = try await DirectoryLock.lock([directory.url.path, runtimeDirectory], logger: logger)
        defer { withExtendedLifetime(locks) {} }
        do { try directory.prepare() } catch { throw FileError(path: command.configDir, error) }

        var options = command.options.engineOptions
        options.runtimeDirectory = runtimeDirectory
        options.environment.capabilities = Capabilities(found)
        options.refusesLocalEndpoints = command.source.manifests.isEmpty && !command.source.allowLoopbackEndpoints
        let environment = ProcessInfo.processInfo.environment
        options.ownAddresses = HostAddresses.own(environment: environment)
        options.ownNamespace = ServiceAccount.namespace(environment: environment, directory: command.source.serviceAccountDir)
        let doors = command.admin.doors(listeningOn: [options.ipv4Address, options.ipv6Address].compactMap { $0 })
        options.ownListeners = doors.compactMap(\.listener)
        options.hasResolverConfiguration = FileManager.default.isReadableFile(atPath: "/etc/resolv.conf")
        options.fallbackCertificate = try FallbackCertificate.random(now: Int(Date().timeIntervalSince1970))

        let socketPath = runtimeDirectory + "/haproxy-runtime-api.sock"
        var settings = HAProxyProcess.Settings(
            program: program, configurationFile: directory.url.appendingPathComponent("haproxy.cfg").path,
            runtimeDirectory: runtimeDirectory, runtimeSocket: socketPath,
            diesWithController: !command.source.external, adoptsRunning: command.source.external)
        settings.maximalOldWorkers = command.maxOldWorkers
        settings.innerSockets = options.innerSockets
        let process = HAProxyProcess(settings: settings, logger: logger)
        let metrics = Metrics()
        let applier = Applier(
            directory: directory, process: process,
            prover: ConfigurationProver(
                directory: directory, check: ConfigurationCheck(program: program), metrics: metrics),
            socket: RuntimeSocket(path: socketPath, bufferSize: found.bufferSize), metrics: metrics, logger: logger,
            reloadPeriod: command.syncPeriod.duration,
            reserve: BackendReserve(count: command.spareBackends, createsBackends: found.canAddBackends),
            inliningLimit: command.options.inlinedBackends,
            comparisonPeriod: command.driftCheckPeriod.duration)
        await process.beforeRestart { await applier.willRestart() }
        let loop = ControlLoop(
            engine: Engine(registry: annotations, options: options), applier: applier, metrics: metrics, logger: logger,
            secrets: source.secrets, observer: source.reporting)
        let updates = try source.updates()

        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await update in updates { await loop.receive(update) } }
            if case .cluster(let cluster, let reporting) = source {
                group.addTask { await cluster.run() }
                group.addTask { await reporting.run() }
                group.addTask { for await count in reporting.replicas { await loop.share(among: count) } }
            }
            group.addTask { await loop.run() }
            group.addTask { [addresses = options.ownAddresses] in
                await HostAddresses.follow(from: addresses, environment: environment) { await loop.listens(at: $0) }
            }
            group.addTask { for await _ in applier.drifts { await loop.differs() } }
            group.addTask {
                for await event in process.events {
                    metrics.count(event)
                    if case .started(let generation) = event, generation > 1 { await loop.processRestarted() }
                }
            }
            let server = AdminServer(
                metrics: metrics, oldWorkers: { await process.oldWorkerCount() },
                configuration: { await applier.configuration }, findings: { await loop.findings },
                token: command.admin.adminTokenFile.map(AdminToken.init))
            var openDoors = doors
            if AdminAddress(command.admin.adminBind) != nil {
                openDoors.append(.unixSocket(path: "\(runtimeDirectory)/\(AdminServer.socketName)"))
            }
            for door in openDoors {
                let logger = logger
                group.addTask {
                    do { try await server.run(door) } catch is CancellationError {} catch {
                        if !Task.isCancelled { logger.error("the admin endpoint cannot listen on \(door.name): \(error)") }
                    }
                }
            }
            if await signals.next() == SIGUSR1, command.source.external {
                logger.info("handing over: HAProxy goes on serving for the next controller with the same --runtime-dir")
                group.cancelAll()
                await applier.stop()
                await process.handOver()
                return
            }
            logger.info("stopping: HAProxy serves the requests it has; a second signal stops at once")
            group.cancelAll()
            await applier.stop()
            let stopping = Task { await process.stop(gracePeriod: .seconds(1860)) }
            let impatience = Task {
                _ = await signals.next()
                if !Task.isCancelled { await process.stop(gracePeriod: .zero) }
            }
            await stopping.value
            impatience.cancel()
        }
        for stage in ConfigurationDirectory.Stage.allCases { try? directory.discard(stage) }
        logger.info("stopped")
    }
}

/// Where the objects come from.
enum ObjectSource {
    case manifests(ManifestSource)
    case cluster(ClusterSource, ClusterReporting)

    /// - Throws: ``AccessError`` when the cluster cannot be reached.
    init(_ command: RunCommand, logger: Logger) async throws {
        guard command.source.manifests.isEmpty else {
            self = .manifests(ManifestSource(paths: command.source.manifests))
            return
        }
        let environment = ProcessInfo.processInfo.environment
        let options = command.options.engineOptions
        let access = try ClusterAccess.find(
            kubeconfig: command.source.kubeconfig, isExternal: command.source.external, environment: environment,
            serviceAccount: command.source.serviceAccountDir)
        let api = KubernetesAPI(access)
        let endpoints: APIResource
        do { endpoints = try await api.endpointResource() } catch let error as APIError { throw AccessError(error, to: access) }
        let addresses = command.status.isEnabled ? IngressAddresses() : nil
        let identity = ControllerIdentity(
            environment: environment, hostName: HostName.current, namespace: access.namespace, options: options)
        self = .cluster(
            ClusterSource(
                api: api, scope: ClusterSource.Scope(options), endpoints: endpoints, addresses: addresses, logger: logger),
            ClusterReporting(
                api: api, identity: identity, status: command.status, present: addresses, endpoints: endpoints, logger: logger))
    }

    func updates() throws -> AsyncStream<SourceUpdate> {
        switch self {
        case .manifests(let manifests): try manifests.updates()
        case .cluster(let cluster, _): cluster.updates
        }
    }

    /// How to get Secrets that were not kept; nil where all are there anyway.
    var secrets: (@Sendable (Set<ObjectKey>) async -> [Secret])? {
        guard case .cluster(let cluster, _) = self else { return nil }
        return { await cluster.secrets($0) }
    }

    /// Who tells the cluster what the loop finds out; nil without a cluster.
    var reporting: ClusterReporting? {
        guard case .cluster(_, let reporting) = self else { return nil }
        return reporting
    }
}

extension ClusterSource.Scope {
    init(_ options: EngineOptions) {
        self.init(
            allowedNamespaces: options.allowedNamespaces, deniedNamespaces: options.deniedNamespaces,
            configMaps: options.configMaps, secretNamespaces: options.sharedSecretNamespaces)
        if let certificate = options.defaultCertificate { secretNamespaces.insert(certificate.namespace) }
        secretNamespaces.insert(options.configMap.namespace)
    }
}

/// SIGTERM, SIGINT and SIGUSR1 as a sequence.
final class StopSignals: Sendable {
    private let sources: [any DispatchSourceSignal]
    private let stream: AsyncStream<Int32>

    init() {
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        self.stream = stream
        sources = [SIGTERM, SIGINT, SIGUSR1].map { number in
            // The default action would end the process before the source sees the signal.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(number) }
            source.resume()
            return source
        }
    }

    /// Waits for the next signal; 0 when the task is cancelled.
    func next() async -> Int32 {
        for await number in stream { return number }
        return 0
    }
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
