import ArgumentParser
import Core
import Foundation
import Logging

/// `haproxy-ingress run`: the controller itself.
struct RunCommand: AnnotationCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the controller: start HAProxy and keep it configured.",
        discussion: """
            HAProxy gets the configuration that the objects of a cluster, or of manifest files, ask for, and follows every change \
            of them. In a pod it takes no option:

              haproxy-ingress

            Outside of the cluster, and without one:

              haproxy-ingress run --external --kubeconfig ~/.kube/config \\
                  --config-dir /tmp/haproxy --runtime-dir /tmp/haproxy-run
              haproxy-ingress run --manifests Examples/hello \\
                  --config-dir /tmp/haproxy --runtime-dir /tmp/haproxy-run

            HAProxy's files are below --config-dir, its sockets below --runtime-dir; several controllers run side by side when \
            these and their ports differ. SIGTERM or SIGINT stops both softly; a second signal stops at once.
            """)

    @OptionGroup(title: "Source options")
    var source: SourceOptions

    @OptionGroup(title: "Status options")
    var status: StatusOptions

    @Option(help: ArgumentHelp("Where HAProxy's files are written.", valueName: "dir"))
    var configDir = "/etc/haproxy-ingress"

    @Option(help: ArgumentHelp("Where HAProxy's sockets and pid file are.", valueName: "dir"))
    var runtimeDir = "/var/run/haproxy-ingress"

    @Option(
        help: ArgumentHelp(
            "Reload HAProxy at most once in this time on average; after quiet the first reloads go at once.",
            valueName: "duration"))
    var syncPeriod = Period(duration: .seconds(5))

    @Option(
        help: ArgumentHelp(
            """
            How often the running HAProxy is compared with what it was given, and mended where somebody changed it; 0 is never.
            """, valueName: "duration"))
    var driftCheckPeriod = Period(duration: .seconds(300))

    @Option(
        help: ArgumentHelp(
            """
            HAProxy before 3.4: how many backends a configuration has in reserve at least, for Services that come before the next \
            reload; more where more came lately. From 3.4 on backends are created at run time and the number means nothing. 0 \
            reloads for each new Service on any HAProxy.
            """, valueName: "count"))
    var spareBackends = 32

    @Option(
        help: ArgumentHelp(
            """
            How many processes of HAProxy may go on with connections from before a reload; where there are more, the oldest is \
            ended with its connections. Each takes as much memory as the one that serves.
            """, valueName: "count"))
    var maxOldWorkers = 20

    @Option(
        help: ArgumentHelp("How much to log.", valueName: "level"))
    var log = LogLevel.info

    @Flag(name: [.customShort("v")], help: "Show the version.")
    var showsVersion = false

    @OptionGroup(title: "Admin options")
    var admin: AdminOptions

    @OptionGroup(title: "Configuration options")
    var options: ConfigurationOptions

    @OptionGroup(title: "Options of the Go controller that ask for nothing here")
    var idle: IdleOptions

    enum LogLevel: String, ExpressibleByArgument, CaseIterable {
        case trace, debug, info, warning, error

        var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
    }

    mutating func validate() throws {
        if !source.manifests.isEmpty, status.isEnabled {
            throw ValidationError(
                "--manifests: files have no status that --publish-service and --publish-address could be written to")
        }
        if !(0...1000).contains(spareBackends) {
            throw ValidationError("--spare-backends: \(spareBackends) is out of range; expected a number from 0 to 1000")
        }
        if !(1...50).contains(maxOldWorkers) {
            throw ValidationError("--max-old-workers: \(maxOldWorkers) is out of range; expected a number from 1 to 50")
        }
        // Serving all namespaces in place of some would show what was to stay hidden.
        if let selector = idle.namespaceLabelSelector, !selector.isEmpty, options.namespaceWhitelist.isEmpty,
            options.namespaceBlacklist.isEmpty
        {
            throw ValidationError(
                "--namespace-label-selector: labels of namespaces are not looked at; name them with --namespace-whitelist")
        }
        if let port = admin.listeningPort, let other = options.ports.first(where: { $0.port == Int(port) }) {
            throw ValidationError("--controller-port and \(other.option) are both \(port)")
        }
    }

    mutating func run(annotations: AnnotationRegistry) async throws {
        if showsVersion { return print(ControllerVersion.current) }
        let level = log.level
        var logger = Logger(label: "haproxy-ingress") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        logger.logLevel = level
        for note in idle.notes { logger.notice("\(note)") }
        if let end = idle.end {
            if case .failure = end { throw ExitCode.failure }
            return
        }
        for note in AuxiliaryConfiguration.notes(in: [configDir] + AuxiliaryConfiguration.usualDirectories) {
            logger.warning("\(note)")
        }
        do {
            try await Controller(command: self, annotations: annotations, logger: logger).run()
        } catch let error as any CustomStringConvertible & Error {
            logger.critical("\(error)")
            throw ExitCode.failure
        }
    }
}
