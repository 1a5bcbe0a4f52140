import ArgumentParser
import Foundation

/// Plays pods: small HTTP servers on loopback addresses that say what they were asked.
@main
struct ExamplePods: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "example-pods",
        abstract: "Small HTTP servers that answer every request with a JSON description of it.",
        discussion: """
            The answer tells the pod's name, the method, path, host, headers (headers: by name in lower case; rawHeaders: as they \
            came) and the peer's address. ?status=418 sets the status of the answer, ?delay=200ms makes it wait, and ?hold=NAME until \
            a request has ?release=NAME, for at most a minute. "listening" is printed once all pods take connections. Ends with \
            SIGTERM or SIGINT.
            """)

    @Option(help: ArgumentHelp("Be a pod here; can be repeated.", valueName: "name=address:port"))
    var listen: [Listener] = []

    /// A pod's name, and the numeric address it is at; IPv6 in brackets.
    struct Listener: ExpressibleByArgument {
        let name: String
        let address: String
        let port: UInt16

        init?(argument: String) {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let colon = parts[1].lastIndex(of: ":"),
                let port = UInt16(parts[1][parts[1].index(after: colon)...])
            else { return nil }
            name = parts[0]
            var address = String(parts[1][..<colon])
            if address.hasPrefix("["), address.hasSuffix("]") { address = String(address.dropFirst().dropLast()) }
            self.address = address
            self.port = port
        }
    }

    mutating func validate() throws {
        if listen.isEmpty { throw ValidationError("--listen: at least one pod is needed, for example hello-1=127.0.1.1:9000") }
    }

    func run() throws {
        let pods = try listen.map { try PodListener(name: $0.name, address: $0.address, port: $0.port) }
        for pod in pods { Thread.detachNewThread { pod.acceptConnections() } }
        FileHandle.standardOutput.write(Data("listening\n".utf8))
        // The pods' threads do the work from here on; a signal ends the program.
        while true { pause() }
    }
}
