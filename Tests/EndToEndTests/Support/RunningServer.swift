/// A server as HAProxy runs it: a line of `show servers state` (management manual, section 9.3).
struct RunningServer: Hashable, Sendable {
    let backend: String
    let name: String
    let address: String
    let port: String
    let weight: Int
    /// Draining or in maintenance by command, which takes no new requests.
    let isTakenOut: Bool

    /// A line's fields: be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight ... srv_port.
    init?(_ line: Substring) {
        let fields = line.split(separator: " ").map(String.init)
        guard fields.count > 18, Int(fields[0]) != nil, let state = Int(fields[6]), let weight = Int(fields[7]) else {
            return nil
        }
        (backend, name, address, port) = (fields[1], fields[3], fields[4], fields[18])
        self.weight = weight
        // SRV_ADMF_FMAINT and SRV_ADMF_FDRAIN.
        isTakenOut = state & 0x09 != 0
    }
}

extension TestController {
    /// The servers of the running HAProxy.
    func servers() async throws -> [RunningServer] {
        try await runtimeAPI("show servers state").split(separator: "\n").compactMap { RunningServer($0) }
    }

    /// The server of a pod, while HAProxy has it.
    func server(ofPod number: Int) async throws -> RunningServer? {
        try await servers().first { $0.address == "\(network)\(number)" }
    }

    /// How many sessions the server of a pod has: the field scur of `show stat`.
    func sessions(ofPod number: Int) async throws -> Int {
        guard let server = try await server(ofPod: number) else { return 0 }
        let prefix = "\(server.backend),\(server.name),"
        let line = try await runtimeAPI("show stat").split(separator: "\n").first { $0.hasPrefix(prefix) }
        let fields = line?.split(separator: ",", omittingEmptySubsequences: false) ?? []
        return fields.count > 4 ? Int(fields[4]) ?? 0 : 0
    }

    /// The names of the pods that answer a few requests.
    func podsAnswering(_ url: String, requests: Int = 12) async throws -> Set<String> {
        var names: Set<String> = []
        for _ in 0..<requests {
            let response = try await request(url)
            names.insert(response.pod ?? "status \(response.status)")
        }
        return names
    }

    func reloads() async throws -> Double { try await metric("haproxy_ingress_reloads_total") }
}
