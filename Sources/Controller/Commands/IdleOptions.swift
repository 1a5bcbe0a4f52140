import ArgumentParser
import Core

/// Flags of the Go project's controller (github.com/haproxytech/kubernetes-ingress, releases 1.5 to 3.2) that ask for something
/// that this controller does anyway, or in another way. They are taken, and the log says what stands in their place.
struct IdleOptions: ParsableArguments {
    @Option(help: help(.cacheResyncPeriod, "duration"))
    var cacheResyncPeriod: RunCommand.Period?

    @Option(help: help(.channelSize, "count"))
    var channelSize: Int?

    @Option(help: help(.customValidationRules, "namespace/name"))
    var customValidationRules: EngineOptions.ObjectName?

    @Option(help: help(.defaultBackendPort, "port"))
    var defaultBackendPort: Int?

    @Flag(name: [.customLong("disable-writing-only-if-reload")], help: help(.disableWritingOnlyIfReload))
    var disableWritingOnlyIfReload = false

    @Flag(help: help(.enableCustomAnnotationsOnIngress))
    var enableCustomAnnotationsOnIngress = false

    @Option(parsing: .singleValue, help: help(.experimental, "features"))
    var experimental: [String] = []

    @Option(help: help(.gatewayControllerName, "name"))
    var gatewayControllerName: String?

    @Option(help: help(.initialSyncPeriod, "duration"))
    var initialSyncPeriod: RunCommand.Period?

    @Option(help: help(.inputFile, "file"))
    var inputFile: String?

    @Option(help: help(.outputFile, "file"))
    var outputFile: String?

    @Flag(name: [.customLong("job-check-crd")], help: help(.jobCheckCRD))
    var jobCheckCRD = false

    @Option(name: [.customLong("localpeer-port")], help: help(.localPeerPort, "port"))
    var localPeerPort: Int?

    @Flag(name: [.customShort("p"), .long], help: help(.pprof))
    var pprof = false

    @Flag(help: help(.withPebble))
    var withPebble = false

    @Flag(name: [.customLong("with-s6-overlay")], help: help(.withS6Overlay))
    var withS6Overlay = false

    @Flag(help: help(.withGopherd))
    var withGopherd = false

    @Flag(name: [.customShort("t")], help: help(.simulation))
    var simulatesHAProxy = false

    @Option(help: help(.namespaceLabelSelector, "selector"))
    var namespaceLabelSelector: String?

    @Option(help: help(.namespaceSelectorReadyTimeout, "duration"))
    var namespaceSelectorReadyTimeout: RunCommand.Period?

    /// What stands in a flag's place; the raw value is its name.
    enum Name: String, CaseIterable {
        case cacheResyncPeriod = "cache-resync-period"
        case channelSize = "channel-size"
        case customValidationRules = "custom-validation-rules"
        case defaultBackendPort = "default-backend-port"
        case disableWritingOnlyIfReload = "disable-writing-only-if-reload"
        case enableCustomAnnotationsOnIngress = "enable-custom-annotations-on-ingress"
        case experimental
        case gatewayControllerName = "gateway-controller-name"
        case initialSyncPeriod = "initial-sync-period"
        case inputFile = "input-file"
        case outputFile = "output-file"
        case jobCheckCRD = "job-check-crd"
        case localPeerPort = "localpeer-port"
        case namespaceLabelSelector = "namespace-label-selector"
        case namespaceSelectorReadyTimeout = "namespace-selector-ready-timeout"
        case pprof
        case withPebble = "with-pebble"
        case withS6Overlay = "with-s6-overlay"
        case withGopherd = "with-gopherd"
        case simulation = "t"

        /// As it is written on a command line.
        var flag: String { rawValue.count == 1 ? "-\(rawValue)" : "--\(rawValue)" }

        var sentence: String {
            switch self {
            case .cacheResyncPeriod:
                "Each change is applied when it comes; --drift-check-period compares HAProxy with it now and then."
            case .channelSize: "Changes wait in memory, as many as there are."
            case .customValidationRules, .enableCustomAnnotationsOnIngress:
                "An annotation of your own is a handler in Swift: Docs/adding-an-annotation.md."
            case .defaultBackendPort:
                """
                HAProxy itself answers 404, without a server on a port; --default-backend-service namespace/name:port chooses a \
                Service's port.
                """
            case .disableWritingOnlyIfReload: "Files are written with each change, with and without a reload."
            case .experimental: "No feature has to be switched on; the annotations of each Ingress hold for its own paths."
            case .gatewayControllerName: "The Gateway API is not served: Ingresses and --configmap-tcp-services are."
            case .initialSyncPeriod: "HAProxy is started as soon as every list of objects has come."
            case .inputFile, .outputFile:
                "Custom resources are not read, so that none has to be converted: the ConfigMap and annotations have their settings."
            case .jobCheckCRD: "There are no custom resource definitions to install; the command ends at once."
            case .localPeerPort: "Stick tables live through reloads without a port."
            case .namespaceLabelSelector:
                """
                Labels of namespaces are not looked at; --namespace-whitelist or --namespace-blacklist says which namespaces are \
                served, and without either this flag is refused.
                """
            case .namespaceSelectorReadyTimeout: "HAProxy is started as soon as every list of objects has come."
            case .pprof: "There are no profiles of a Go program; perf and /metrics tell where time goes."
            case .simulation: "HAProxy is started all the same; haproxy-ingress render writes its files without starting it."
            case .withPebble, .withS6Overlay, .withGopherd: "The controller itself starts, supervises and ends HAProxy."
            }
        }
    }

    private static func help(_ flag: Name, _ valueName: String? = nil) -> ArgumentHelp {
        ArgumentHelp("\(flag.sentence)", valueName: valueName)
    }

    private var given: [Name] {
        let isGiven: [Name: Bool] = [
            .cacheResyncPeriod: cacheResyncPeriod != nil, .channelSize: channelSize != nil,
            .customValidationRules: customValidationRules != nil, .defaultBackendPort: defaultBackendPort != nil,
            .disableWritingOnlyIfReload: disableWritingOnlyIfReload,
            .enableCustomAnnotationsOnIngress: enableCustomAnnotationsOnIngress, .experimental: !experimental.isEmpty,
            .gatewayControllerName: gatewayControllerName != nil, .initialSyncPeriod: initialSyncPeriod != nil,
            .inputFile: inputFile != nil, .outputFile: outputFile != nil, .jobCheckCRD: jobCheckCRD,
            .localPeerPort: localPeerPort != nil, .namespaceLabelSelector: namespaceLabelSelector?.isEmpty == false,
            .namespaceSelectorReadyTimeout: namespaceSelectorReadyTimeout != nil, .simulation: simulatesHAProxy, .pprof: pprof,
            .withPebble: withPebble, .withS6Overlay: withS6Overlay,
            .withGopherd: withGopherd,
        ]
        return Name.allCases.filter { isGiven[$0] == true }
    }

    /// A line of the log for each flag that is given.
    var notes: [String] { given.map { "\($0.flag) has no effect here. \($0.sentence)" } }

    /// How a command ends that does not run a controller.
    enum End {
        case success, failure
    }

    /// How the command ends at once; nil where it runs the controller. As in the Go controller, both files make a conversion of it.
    var end: End? {
        if jobCheckCRD { return .success }
        return inputFile != nil && outputFile != nil ? .failure : nil
    }
}
