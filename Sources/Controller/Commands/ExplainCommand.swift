import ArgumentParser
import Core
import Foundation

/// `haproxy-ingress explain`: where a request would go, and why.
struct ExplainCommand: AnnotationCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say which Ingress, backend and servers a request would reach.",
        discussion: """
            Follows a request for URL through the routing of the manifests, and lists each annotation in force with its value and \
            the object that it comes from.
            """)

    @Option(help: ArgumentHelp("A directory or file with manifests; can be repeated.", valueName: "dir"))
    var manifests: [String] = []

    @Argument(help: "The URL of the request, for example https://shop.example.com/cart.")
    var url: String

    @OptionGroup(title: "Configuration options")
    var options: ConfigurationOptions

    mutating func validate() throws {
        guard let parsed = URLComponents(string: url), ["http", "https"].contains(parsed.scheme), parsed.host?.isEmpty == false
        else {
            throw ValidationError("\(url.quotedForPeople) is not an HTTP URL; for example https://shop.example.com/cart")
        }
    }

    mutating func run(annotations: AnnotationRegistry) async throws {
        try ManifestsOption.require(manifests)
        let offline = try await OfflineAssembly(paths: manifests, options: options, annotations: annotations)
        guard let parsed = URLComponents(string: url), let host = parsed.host else { return }
        let path = parsed.percentEncodedPath.isEmpty ? "/" : parsed.percentEncodedPath
        let explanation = Explanation(
            offline.assembly, host: host, path: path, isTLS: parsed.scheme == "https", terminal: .output)
        print(explanation.text, terminator: "")
    }
}

/// A request's way, in words.
struct Explanation {
    let text: String

    init(_ assembly: Assembly, host: String, path: String, isTLS: Bool, terminal: Terminal) {
        let ways = assembly.ways(host: host, path: path, isTLS: isTLS)
        guard !ways.isEmpty else {
            text = "No Ingress takes this request: HAProxy answers 404.\n"
            return
        }
        var parts = ways.map { Self.text(of: $0, assembly, terminal: terminal) }
        for (index, way) in ways.enumerated() {
            if let condition = way.condition {
                parts[index] =
                    "When the request matches \(condition.text)\(index == 0 ? "" : " and none of the above"):\n" + parts[index]
            } else if index > 0 {
                parts[index] = "Otherwise:\n" + parts[index]
            }
        }
        if ways.last?.condition != nil { parts.append("Otherwise no Ingress takes this request: HAProxy answers 404.\n") }
        text = parts.joined(separator: "\n")
    }

    private static func text(of route: Route, _ assembly: Assembly, terminal: Terminal) -> String {
        var rows: [[String]] = []
        rows.append(["Ingress", route.ingress?.qualifiedName ?? "none: --default-backend-service"])
        rows.append(["Host", route.host.isEmpty ? "any" : route.host])
        rows.append(["Path", route.pathType.map { "\(route.path) (\($0.rawValue))" } ?? "the default backend"])
        rows.append(["Service", "\(route.service.qualifiedName)\(route.port.map { ", port \($0)" } ?? "")"])
        if route.isPassthrough { rows.append(["TLS", "passed through to the pods, chosen by SNI"]) }
        switch route.destination {
        case .unavailable(let reason): rows.append(["Answer", "503: \(reason)"])
        case .backend(let name):
            rows.append(["Backend", name])
            let section = assembly.state.sections.first { $0.isBackend && $0.name == name }
            let servers =
                section?.pool?.servers.map { $0.endpoint + ($0.isDraining ? " (draining)" : "") }
                ?? section?.lines.map(\.directive.text).filter { $0.hasPrefix("server ") } ?? []
            rows.append(["Servers", servers.isEmpty ? "none ready: HAProxy answers 503" : servers.joined(separator: ", ")])
        }
        var lines = terminal.aligned(rows.map { [terminal.bold($0[0]), $0[1]] })
        let values = (assembly.valuesInForce[route.context] ?? []).sorted { $0.key < $1.key }
        if values.isEmpty {
            lines.append("No annotation is in force.")
        } else {
            lines += ["", "Annotations in force:"]
            lines += terminal.aligned(
                values.map { value in
                    let shown = value.value.contains("\n") ? value.value.quotedForPeople : value.value
                    return [value.key, shown, "from the \(value.scope.title) \(value.object.qualifiedName)"]
                }, indent: 2)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
