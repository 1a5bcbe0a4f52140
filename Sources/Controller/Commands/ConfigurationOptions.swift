import ArgumentParser
import Core
import Foundation

/// The options that shape the configuration; `run`, `render`, `lint` and `explain` share them.
struct ConfigurationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The controller's ConfigMap.", valueName: "namespace/name"))
    var configmap = EngineOptions().configMap

    @Option(
        name: [.customLong("configmap-patternfiles")],
        help: ArgumentHelp("A ConfigMap whose keys are address lists for patterns/NAME.", valueName: "namespace/name"))
    var configmapPatternfiles: EngineOptions.ObjectName?

    @Option(
        name: [.customLong("configmap-errorfiles"), .customLong("configmap-errorfile")],
        help: ArgumentHelp(
            """
            A ConfigMap with pages for HAProxy's own answers: keys are status codes, values bodies or whole HTTP messages.
            """, valueName: "namespace/name"))
    var configmapErrorfiles: EngineOptions.ObjectName?

    @Option(
        name: [.customLong("configmap-tcp-services")],
        help: ArgumentHelp(
            """
            A ConfigMap with services that are not HTTP: keys are ports to listen on, values namespace/service:port, with :ssl \
            behind it where HAProxy is to end TLS. In force there are annotations of the Service, and those keys of the \
            controller's ConfigMap that Services can have too.
            """, valueName: "namespace/name"))
    var configmapTCPServices: EngineOptions.ObjectName?

    @Option(help: ArgumentHelp("Where requests go that no Ingress matches.", valueName: "namespace/name[:port]"))
    var defaultBackendService: DefaultBackend?

    @Option(
        name: [.customLong("default-ssl-certificate")],
        help: ArgumentHelp("The Secret with the certificate for hosts that have none of their own.", valueName: "namespace/name"))
    var defaultSSLCertificate: EngineOptions.ObjectName?

    @Option(
        name: [.customLong("ingress.class"), .customLong("ingress-class")],
        help: ArgumentHelp(
            """
            Serve Ingresses of this class: those whose annotation names it, and those whose IngressClass has the controller name \
            \(EngineOptions.controllerName)/CLASS. Without it: the controller name alone, and Ingresses without a class.
            """, valueName: "class"))
    var ingressClass: String?

    @Flag(help: "Serve Ingresses without a class even when --ingress.class is given.")
    var emptyIngressClass = false

    @Option(help: ArgumentHelp("Look at this namespace only; can be repeated.", valueName: "namespace"))
    var namespaceWhitelist: [String] = []

    @Option(help: ArgumentHelp("Do not look at this namespace; can be repeated.", valueName: "namespace"))
    var namespaceBlacklist: [String] = []

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A namespace whose Secrets annotations of all namespaces may name; can be repeated, or a list with commas.",
            valueName: "namespace"))
    var sharedSecretNamespaces: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            Who decides what holds for a whole host that several namespaces have rules for: the namespace of the oldest Ingress \
            (namespace), or of all of them the oldest Ingress that asks for it (shared).
            """, valueName: "namespace|shared"))
    var hostOwnership = EngineOptions().hostOwnership

    @Flag(help: "Refuse Services of type ExternalName.")
    var disableServiceExternalName = false

    @Option(
        name: [.customLong("disable-config-snippets")], parsing: .singleValue,
        help: ArgumentHelp(
            """
            Ignore config snippets of a kind: backend, frontend (the statistics frontend's too), global or all; can be repeated, \
            or a list with commas.
            """, valueName: "kind"))
    var disableConfigSnippets: [String] = []

    @Option(
        name: [.customLong("limits")], parsing: .singleValue,
        help: ArgumentHelp(
            """
            How much one object, path or table may take of what all share, such as header-names=64; can be repeated, or a list \
            with commas. The limits are \(ResourceLimits.Name.allCases.map { "\($0.rawValue) (\($0.usual))" }.joined(separator: ", ")); \
            Docs/running.md tells what each is about.
            """, valueName: "name=number"))
    var limits: [String] = []

    @Option(help: ArgumentHelp("Port for HTTP; 0 for none.", valueName: "port"))
    var httpBindPort = 8080

    @Option(help: ArgumentHelp("Port for HTTPS; 0 for none.", valueName: "port"))
    var httpsBindPort = 8443

    @Option(name: [.customLong("ipv4-bind-address")], help: ArgumentHelp("Address of the IPv4 listeners.", valueName: "address"))
    var ipv4BindAddress = "0.0.0.0"

    @Option(name: [.customLong("ipv6-bind-address")], help: ArgumentHelp("Address of the IPv6 listeners.", valueName: "address"))
    var ipv6BindAddress = "::"

    @Flag(name: [.customLong("disable-ipv4")], help: "Listen on no IPv4 address.")
    var disableIPv4 = false

    @Flag(name: [.customLong("disable-ipv6")], help: "Listen on no IPv6 address.")
    var disableIPv6 = false

    @Flag(name: [.customLong("disable-http")], help: "No HTTP listener.")
    var disableHTTP = false

    @Flag(name: [.customLong("disable-https")], help: "No HTTPS listener.")
    var disableHTTPS = false

    @Flag(name: [.customLong("disable-quic")], help: "No HTTP/3, even where HAProxy can serve it.")
    var disableQUIC = false

    @Option(help: ArgumentHelp("UDP port for HTTP/3; without it the port for HTTPS.", valueName: "port"))
    var quicBindPort: Int?

    @Option(
        help: ArgumentHelp(
            "The port for HTTP/3 that clients are told of; without it --quic-bind-port or the port for HTTPS.",
            valueName: "port"))
    var quicAnnouncePort: Int?

    @Option(help: ArgumentHelp("Port of HAProxy's health page, /healthz; 0 for none.", valueName: "port"))
    var healthzBindPort = 1042

    @Option(help: ArgumentHelp("Port of HAProxy's statistics, / and /metrics; 0 for none.", valueName: "port"))
    var statsBindPort = 1024

    @Option(
        name: [.customLong("http-bind-thread")],
        help: ArgumentHelp("The threads that take connections for HTTP, such as 1-4; all without it.", valueName: "threads"))
    var httpBindThread: ThreadSet?

    @Option(
        name: [.customLong("https-bind-thread")],
        help: ArgumentHelp("The threads that take connections for HTTPS over TCP; all without it.", valueName: "threads"))
    var httpsBindThread: ThreadSet?

    @Option(help: ArgumentHelp("The threads that answer at --healthz-bind-port; all without it.", valueName: "threads"))
    var healthzBindThread: ThreadSet?

    @Option(help: ArgumentHelp("The threads that answer at --stats-bind-port; all without it.", valueName: "threads"))
    var statsBindThread: ThreadSet?

    @Option(
        help: ArgumentHelp(
            """
            How many backends have annotations of their routes written into them when HAProxy loads them, which saves their \
            requests look-ups, and makes loads slower and HAProxy larger. 0 is none.
            """, valueName: "count"))
    var inlinedBackends = InlinedSettings.usualLimit

    @Option(
        help: ArgumentHelp(
            """
            The HAProxy program; without it run takes haproxy of the PATH. Commands that start none ask the program that is \
            named here what it can do, and take it for HAProxy 2.6 otherwise.
            """, valueName: "path"))
    var program: String?

    /// The ports that HAProxy listens on by TCP; 0 where it does not.
    var ports: [(option: String, port: Int)] {
        [
            ("--http-bind-port", httpBindPort), ("--https-bind-port", httpsBindPort), ("--healthz-bind-port", healthzBindPort),
            ("--stats-bind-port", statsBindPort),
        ]
    }

    mutating func validate() throws {
        for (name, port) in ports where !(0...65_535).contains(port) {
            throw ValidationError("\(name): \(port) is not a port; expected 0 (no listener) to 65535, for example 8080")
        }
        for case (let name, let port?) in [("--quic-bind-port", quicBindPort), ("--quic-announce-port", quicAnnouncePort)]
        where !(1...65_535).contains(port) {
            throw ValidationError("\(name): \(port) is not a port; expected 1 to 65535, for example 8443")
        }
        guard IPNetwork(ipv4BindAddress).map({ !$0.isIPv6 && $0.prefixLength == 32 }) == true else {
            throw ValidationError(
                "--ipv4-bind-address: \(ipv4BindAddress.quotedForPeople) is not an IPv4 address, for example 127.0.0.1")
        }
        guard IPAddress(ipv6BindAddress)?.isIPv6 == true else {
            throw ValidationError(
                "--ipv6-bind-address: \(ipv6BindAddress.quotedForPeople) is not an IPv6 address, for example ::1")
        }
        _ = try disabledSnippets
        _ = try resourceLimits
        if inlinedBackends < 0 {
            throw ValidationError("--inlined-backends: \(inlinedBackends) is no count; expected 0 or more, for example 20000")
        }
        if disableIPv4 && disableIPv6 {
            throw ValidationError("--disable-ipv4 and --disable-ipv6 together leave no address to listen on")
        }
        let used = ports.filter { $0.1 != 0 }
        for (index, (name, port)) in used.enumerated() {
            if let other = used.dropFirst(index + 1).first(where: { $0.1 == port }) {
                throw ValidationError("\(name) and \(other.0) are both \(port)")
            }
        }
    }

    /// The engine's options; what only a running controller knows is added by the caller.
    var engineOptions: EngineOptions {
        var options = EngineOptions()
        options.configMap = configmap
        options.patternFilesConfigMap = configmapPatternfiles
        options.errorFilesConfigMap = configmapErrorfiles
        options.tcpServicesConfigMap = configmapTCPServices
        options.defaultBackendService = defaultBackendService?.name
        options.defaultBackendPort = defaultBackendService?.port
        options.defaultCertificate = defaultSSLCertificate
        options.isHTTPEnabled = !disableHTTP && httpBindPort != 0
        options.isHTTPSEnabled = !disableHTTPS && httpsBindPort != 0
        options.httpPort = httpBindPort
        options.httpsPort = httpsBindPort
        options.isQUICEnabled = !disableQUIC
        options.quicPort = quicBindPort
        options.announcedQUICPort = quicAnnouncePort
        options.healthzPort = healthzBindPort
        options.statsPort = statsBindPort
        options.httpThreads = httpBindThread
        options.httpsThreads = httpsBindThread
        options.healthzThreads = healthzBindThread
        options.statsThreads = statsBindThread
        options.ipv4Address = disableIPv4 ? nil : ipv4BindAddress
        options.ipv6Address = disableIPv6 ? nil : ipv6BindAddress
        options.ingressClass = ingressClass.flatMap { $0.isEmpty ? nil : $0 }
        options.acceptsEmptyIngressClass = emptyIngressClass
        options.allowedNamespaces = Self.set(namespaceWhitelist)
        options.deniedNamespaces = Self.set(namespaceBlacklist)
        options.sharedSecretNamespaces = Self.set(sharedSecretNamespaces)
        options.hostOwnership = hostOwnership
        options.isExternalNameEnabled = !disableServiceExternalName
        options.environment.processors = ProcessInfo.processInfo.activeProcessorCount
        options.environment.disabledSnippets = (try? disabledSnippets) ?? []
        options.environment.limits = (try? resourceLimits) ?? ResourceLimits()
        return options
    }

    private var resourceLimits: ResourceLimits {
        get throws {
            var limits = ResourceLimits()
            for text in self.limits {
                do { try limits.set(text) } catch let error as ValueError {
                    throw ValidationError(
                        "--limits: \(text.quotedForPeople) \(error.message); expected NAME=NUMBER, for example header-names=64")
                }
            }
            return limits
        }
    }

    private var disabledSnippets: Set<SnippetKind> {
        get throws {
            try Self.set(disableConfigSnippets).sorted().reduce(into: []) { kinds, word in
                if word == "all" {
                    kinds.formUnion(SnippetKind.allCases)
                } else if let kind = SnippetKind(rawValue: word) {
                    kinds.insert(kind)
                } else {
                    throw ValidationError(
                        "--disable-config-snippets: \(word.quotedForPeople) is not known; expected backend, frontend, global or all"
                    )
                }
            }
        }
    }

    private static func set(_ lists: [String]) -> Set<String> {
        Set(lists.flatMap { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }.filter { !$0.isEmpty })
    }
}

/// `--manifests` of several commands.
enum ManifestsOption {
    /// Checked when the command runs, so that a misspelt command or option is told first.
    static func require(_ manifests: [String]) throws {
        if manifests.isEmpty {
            throw ValidationError(
                "--manifests: a directory with Kubernetes manifests is needed, for example --manifests Examples/hello")
        }
    }
}

/// `namespace/name` with an optional `:port` by number or name.
struct DefaultBackend: ExpressibleByArgument {
    let name: EngineOptions.ObjectName
    let port: PortReference?

    init?(argument: String) {
        let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first.flatMap({ EngineOptions.ObjectName($0) }) else { return nil }
        self.name = name
        guard parts.count == 2 else {
            port = nil
            return
        }
        guard parts[1].isDNSSubdomain else { return nil }
        port = Int(parts[1]).map(PortReference.number) ?? .name(parts[1])
    }
}

extension HostOwnership: ExpressibleByArgument {}

extension ThreadSet: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension EngineOptions.ObjectName: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { description }
}
