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
        guard let parsed = URLComponents(string: url), let host = parsed.percentEncodedHost else { return }
        let request = RequestOutline(
            authority: host + (parsed.port.map { ":\($0)" } ?? ""),
            path: parsed.percentEncodedPath.isEmpty ? "/" : parsed.percentEncodedPath,
            query: parsed.percentEncodedQuery.map { "?" + $0 } ?? "", isTLS: parsed.scheme == "https")
        print(Explanation(offline.assembly, request, terminal: .output).text, terminator: "")
    }
}

/// A request's way, in words.
struct Explanation {
    let text: String

    init(_ assembly: AssemblyReport, _ request: RequestOutline, terminal: Terminal) {
        let ways = assembly.answers(to: request)
        let parts = ways.enumerated().map { index, way in
            guard let route = way.route else {
                guard case .status(let status, let reason) = way.answer else { return "" }
                let answer =
                    status == 404
                    ? "no Ingress takes this request: HAProxy answers 404." : "HAProxy answers \(status): \(reason)."
                return (index == 0 ? answer.prefix(1).uppercased() + answer.dropFirst() : "Otherwise " + answer) + "\n"
            }
            let text = Self.text(of: route, way.answer, assembly, terminal: terminal)
            if let condition = route.condition {
                return "When the request matches \(condition.text)\(index == 0 ? "" : " and none of the above"):\n" + text
            }
            return index == 0 ? text : "Otherwise:\n" + text
        }
        text = parts.joined(separator: "\n")
    }

    private static func text(
        of route: Route, _ answer: RequestAnswer, _ assembly: AssemblyReport, terminal: Terminal
    ) -> String {
        var rows: [[String]] = []
        rows.append(["Ingress", route.ingress?.qualifiedName ?? "none: --default-backend-service"])
        rows.append(["Host", route.host.isEmpty ? "any" : route.host])
        rows.append(["Path", route.pathType.map { "\(route.path) (\($0.rawValue))" } ?? "the default backend"])
        rows.append(["Service", "\(route.service.qualifiedName)\(route.port.map { ", port \($0)" } ?? "")"])
        if route.isPassthrough { rows.append(["TLS", "passed through to the pods, chosen by SNI"]) }
        switch answer {
        case .status(let status, let reason): rows.append(["Answer", "\(status): \(reason)"])
        case .closedConnection(let reason): rows.append(["Answer", "the connection is closed: \(reason)"])
        case .redirect(let status, let location): rows.append(["Answer", "\(status): a redirect to \(location)"])
        case .pods(let backend), .passedThrough(let backend):
            rows.append(["Backend", backend])
            let section = assembly.state.sections.first { $0.isBackend && $0.name == backend }
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
