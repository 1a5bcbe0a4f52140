import ArgumentParser
import Core

/// Where the controller itself can be asked.
struct AdminOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Where the controller's own /metrics, /healthz, /readyz and, with a token, /config are; none to switch off. The same \
            is at the socket admin.sock in --runtime-dir, there without a token.
            """,
            valueName: "address:port"))
    var adminBind = "127.0.0.1:6060"

    @Option(
        help: ArgumentHelp(
            """
            A file with the token that clients of --admin-bind show for /config (Authorization: Bearer TOKEN); without it they \
            do not get /config.
            """, valueName: "file"))
    var adminTokenFile: String?

    @Flag(help: "Show /metrics, /healthz and /readyz at --controller-port of the addresses that HAProxy listens on, too.")
    var prometheus = false

    @Option(
        help: ArgumentHelp(
            """
            The port of --prometheus, 6060 without this option. Without --prometheus it has /healthz and /readyz alone; 0 is \
            none.
            """, valueName: "port"))
    var controllerPort: Int?

    /// The port of the listening addresses; nil where nobody asked for one. With metrics there always is one, as in the Go
    /// controller.
    var listeningPort: UInt16? {
        guard prometheus || controllerPort != nil else { return nil }
        let port = controllerPort ?? 0
        return UInt16(exactly: port == 0 && prometheus ? Self.usualPort : port).flatMap { $0 == 0 ? nil : $0 }
    }

    private static let usualPort = 6060

    mutating func validate() throws {
        if let adminTokenFile {
            do { _ = try AdminToken(path: adminTokenFile).current } catch let error as FileError {
                throw ValidationError("--admin-token-file: \(error)")
            } catch {
                throw ValidationError("\(error)")
            }
        }
        if adminBind != "none", AdminAddress(adminBind) == nil {
            throw ValidationError(
                "--admin-bind: \(adminBind.quotedForPeople) is not an address and port, for example 127.0.0.1:6060")
        }
        if let controllerPort, !(0...65_535).contains(controllerPort) {
            throw ValidationError(
                "--controller-port: \(controllerPort) is not a port; expected 0 (no listener) to 65535, for example 6060")
        }
    }

    /// The doors of the endpoint that are reached by TCP. Two of them share a listener where one address takes the other's
    /// connections.
    ///
    /// - Parameter addresses: those that HAProxy listens on.
    func doors(listeningOn addresses: [String]) -> [AdminServer.Door] {
        let admin = AdminAddress(adminBind)
        var isAdminApart = admin != nil
        var doors: [AdminServer.Door] = []
        for address in listeningPort.map({ port in addresses.map { AdminAddress(host: $0, port: port) } }) ?? [] {
            if let admin, admin.takesConnections(to: address, isDualStack: true) { continue }
            let shared = admin.flatMap { address.takesConnections(to: $0, isDualStack: false) ? $0 : nil }
            if shared != nil { isAdminApart = false }
            doors.append(.controllerPort(address, showsMetrics: prometheus, admin: shared))
        }
        if isAdminApart, let admin { doors.insert(.tcp(admin), at: 0) }
        return doors
    }
}
