import ArgumentParser

/// Which programs a benchmark runs: the options that all benchmarks of the whole controller have.
public struct ProgramOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The controller; without it haproxy-ingress beside this program.", valueName: "path"))
    var program: String?

    @Option(help: ArgumentHelp("The HAProxy program.", valueName: "path"))
    public var haproxy = "haproxy"

    @Option(
        parsing: .singleValue, help: ArgumentHelp("A further argument for the controller; can be repeated.", valueName: "text"))
    var argument: [String] = []

    public init() {}

    /// For a controller with a ConfigMap, and with what the command line adds.
    public func controller(configMap: String) -> ControllerProcess.Options {
        var options = ControllerProcess.Options()
        options.program = program
        options.haproxy = haproxy
        options.arguments = ["--configmap", configMap] + argument
        return options
    }
}
