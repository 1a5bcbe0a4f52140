import ArgumentParser
import Core
import Foundation

/// The command line of a controller binary.
///
/// A binary is this and a list of handlers: `await ControllerMain.run(handlers: AnnotationHandlers.all)`.
public enum ControllerMain {
    /// Parses the command line and the environment, runs the subcommand and ends the process. Begins on the main thread, which is the
    /// only one then.
    @MainActor
    public static func run(handlers: [any AnnotationHandler.Type]) async -> Never {
        Heap.keepSmall()
        let options = EnvironmentArguments(
            arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment)
        do {
            let registry = try AnnotationRegistry(handlers)
            var command = try HAProxyIngress.parseAsRoot(options.merged)
            if var annotated = command as? any AnnotationCommand {
                try await annotated.run(annotations: registry)
            } else {
                try command.run()
            }
            exit(EXIT_SUCCESS)
        } catch let error as RegistryError {
            FileHandle.standardError.write(Data("haproxy-ingress: \(error)\n".utf8))
            exit(2)
        } catch {
            // Unusable arguments end with 2, as lint promises; `lint` itself ends with 1 for findings.
            let code = HAProxyIngress.exitCode(for: error)
            if code == .validationFailure {
                var message = HAProxyIngress.fullMessage(for: error) + "\n"
                if !options.variables.isEmpty {
                    message += "From the environment: \(options.variables.joined(separator: ", "))\n"
                }
                FileHandle.standardError.write(Data(message.utf8))
                exit(2)
            }
            HAProxyIngress.exit(withError: error)
        }
    }
}

/// `haproxy-ingress`: the root of the subcommands.
struct HAProxyIngress: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "haproxy-ingress",
        abstract: "Keeps a HAProxy configured to match Kubernetes Ingresses.",
        discussion: """
            Without a subcommand it runs the controller. Every option can also come from the environment: --http-bind-port is \
            HAPROXY_INGRESS_HTTP_BIND_PORT, and a flag such as --disable-ipv6 is HAPROXY_INGRESS_DISABLE_IPV6=true. What the \
            command line says wins.
            """,
        version: ControllerVersion.current,
        subcommands: [
            RunCommand.self, RenderCommand.self, LintCommand.self, ExplainCommand.self, AnnotationsCommand.self,
        ],
        defaultSubcommand: RunCommand.self)
}

/// The release that this is.
enum ControllerVersion {
    static let current = "0.1.0"
}

/// Options from environment variables.
///
/// One rule: `HAPROXY_INGRESS_` and the option's name in capitals, with `_` for `-` and `.`; flags take `true` or `false`;
/// options that can be repeated take a list with commas.
struct EnvironmentArguments {
    /// The arguments with those from the environment that the command line does not give.
    let merged: [String]
    /// The variables that were used.
    let variables: [String]

    private static let prefix = "HAPROXY_INGRESS_"
    private static let repeatable: Set = ["manifests", "namespace-whitelist", "namespace-blacklist", "publish-address"]

    init(arguments: [String], environment: [String: String]) {
        let given = Set(
            arguments.filter { $0.hasPrefix("--") }.map {
                String($0.dropFirst(2).prefix { $0 != "=" }).replacingOccurrences(of: ".", with: "-")
            })
        var added: [String] = []
        var variables: [String] = []
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix(Self.prefix) {
            let name = variable.dropFirst(Self.prefix.count).lowercased().replacingOccurrences(of: "_", with: "-")
            guard !name.isEmpty, !given.contains(name), !Self.isServiceLink(name, value: value) else { continue }
            switch value {
            case "true": added.append("--\(name)")
            case "false", "": continue
            case _ where Self.repeatable.contains(name): added += value.split(separator: ",").map { "--\(name)=\($0)" }
            default: added.append("--\(name)=\(value)")
            }
            variables.append(variable)
        }
        // Only the controller itself is configured by its environment; a subcommand stays in front of its options.
        if let first = arguments.first, !first.hasPrefix("-") {
            let takesOptions = first == "run"
            merged = takesOptions ? [first] + added + arguments.dropFirst() : arguments
            self.variables = takesOptions ? variables : []
        } else {
            merged = added + arguments
            self.variables = variables
        }
    }

    /// Whether Kubernetes set a variable for a Service whose name begins with `haproxy-ingress`: it tells every pod of the
    /// namespace where its Services are (Kubernetes, "Accessing Services: Environment Variables").
    private static func isServiceLink(_ name: String, value: String) -> Bool {
        if ["tcp://", "udp://", "sctp://"].contains(where: { value.hasPrefix($0) }) { return true }
        let isHost = "-\(name)".hasSuffix("-service-host")
        let isPort = "-\(name)-".contains("-service-port-")
        return isHost || isPort || "-\(name)-".contains(/-port-[0-9]+-(tcp|udp|sctp)-/)
    }
}
