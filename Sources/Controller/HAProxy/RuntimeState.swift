import Core
import Foundation

/// A server as `show servers state` describes it (management manual, section 9.3).
public struct ServerState: Hashable, Sendable {
    public var backend: String
    public var name: String
    public var id: Int
    /// Without a port; nil for a name that was not resolved.
    public var address: String?
    public var port: Int
    /// 0 stopped, 1 starting, 2 running, 3 soft-stopping.
    public var operationalState: Int
    /// Bits: 0x01 maintenance by command, 0x04 `disabled` in the configuration, 0x08 drain by command, 0x02 and 0x10 the same
    /// inherited from a tracked server, 0x20 maintenance for want of an address.
    public var administrativeState: Int
    /// The weight in force and the one configured.
    public var weight: Int
    public var initialWeight: Int
    /// Seconds since the operational state changed.
    public var secondsSinceChange: Int
    /// Bits: 0x02 configured, 0x04 enabled, 0x08 paused.
    public var checkState: Int
    /// The same bits for the agent check.
    public var agentState: Int
    public var usesTLS: Bool
    public var checkPort: Int
    public var fqdn: String?

    public var isInMaintenance: Bool { administrativeState & 0x63 != 0 }
    public var isDraining: Bool { administrativeState & 0x18 != 0 }
    public var isRunning: Bool { operationalState == 2 }

    /// All servers in the command's answer.
    static func all(in answer: String) -> [ServerState] {
        var columns = Columns()
        var states: [ServerState] = []
        for line in answer.split(separator: "\n") {
            if line.hasPrefix("# ") {
                columns = Columns(line)
                continue
            }
            let values = line.split(separator: " ")
            guard let backend = values.text(columns.backend), let name = values.text(columns.name) else { continue }
            states.append(
                ServerState(
                    backend: backend, name: name, id: values.number(columns.id), address: values.text(columns.address),
                    port: values.number(columns.port), operationalState: values.number(columns.operationalState),
                    administrativeState: values.number(columns.administrativeState), weight: values.number(columns.weight),
                    initialWeight: values.number(columns.initialWeight),
                    secondsSinceChange: values.number(columns.secondsSinceChange),
                    checkState: values.number(columns.checkState), agentState: values.number(columns.agentState),
                    usesTLS: values.number(columns.usesTLS) == 1, checkPort: values.number(columns.checkPort),
                    fqdn: values.text(columns.fqdn)))
        }
        return states
    }

    /// Where the answer has what; later versions have more columns.
    private struct Columns {
        var backend, name, id, address, port, operationalState, administrativeState, weight, initialWeight: Int?
        var secondsSinceChange, checkState, agentState, usesTLS, checkPort, fqdn: Int?

        init() {}

        init(_ header: Substring) {
            let names = header.dropFirst(2).split(separator: " ")
            func place(_ name: Substring) -> Int? { names.firstIndex(of: name) }
            (backend, name, id) = (place("be_name"), place("srv_name"), place("srv_id"))
            (address, port, fqdn) = (place("srv_addr"), place("srv_port"), place("srv_fqdn"))
            (operationalState, administrativeState) = (place("srv_op_state"), place("srv_admin_state"))
            (weight, initialWeight) = (place("srv_uweight"), place("srv_iweight"))
            secondsSinceChange = place("srv_time_since_last_change")
            (checkState, agentState, checkPort) = (place("srv_check_state"), place("srv_agent_state"), place("srv_check_port"))
            usesTLS = place("srv_use_ssl")
        }
    }
}

extension [Substring] {
    fileprivate func text(_ index: Int?) -> String? {
        guard let index, index < count, self[index] != "-" else { return nil }
        return String(self[index])
    }

    fileprivate func number(_ index: Int?) -> Int {
        guard let index, index < count else { return 0 }
        return Int(self[index]) ?? 0
    }
}

/// A line of a crt-list as `show ssl crt-list -n` prints it.
public struct CrtListEntry: Hashable, Sendable {
    public var certificate: String
    /// The number that `del ssl crt-list FILE CERTIFICATE:LINE` wants.
    public var line: Int
    /// What stood in brackets, such as `alpn h2,http/1.1`.
    public var options: String?
    /// SNI filters, such as `*.example.com` and `!www.example.com`.
    public var filters: [String]

    static func all(in answer: String) -> [CrtListEntry] {
        answer.split(separator: "\n").compactMap { text in
            guard !text.hasPrefix("#"), let name = text.split(separator: " ").first else { return nil }
            guard let colon = name.lastIndex(of: ":"), let line = Int(name[name.index(after: colon)...]) else { return nil }
            var rest = text[name.endIndex...].drop { $0 == " " }
            var options: String?
            if rest.hasPrefix("["), let close = rest.firstIndex(of: "]") {
                options = String(rest[rest.index(after: rest.startIndex)..<close])
                rest = rest[rest.index(after: close)...]
            }
            return CrtListEntry(
                certificate: String(name[..<colon]), line: line, options: options,
                filters: rest.split(separator: " ").map(String.init))
        }
    }
}

extension RuntimeSocket {
    /// `show servers state [backend]`.
    public func showServersState(backend: String? = nil) async throws -> [ServerState] {
        let command = try RuntimeCommand("show servers state", backend.map { [$0] } ?? [])
        let answer = try await send(command)
        if answer.hasPrefix("Can't find") { throw RuntimeSocketError.refused(command: command.line, answer: answer) }
        return ServerState.all(in: answer)
    }

    /// `show map FILE`: the entries in the order in which HAProxy holds them. The key ends at the first blank.
    public func showMap(_ name: String) async throws -> [(key: String, value: String)] {
        try await patterns("show map", name)
    }

    /// `show acl FILE`: the patterns of a list.
    public func showACL(_ name: String) async throws -> [String] {
        try await patterns("show acl", name).map { $0.value.isEmpty ? $0.key : "\($0.key) \($0.value)" }
    }

    private func patterns(_ verb: StaticString, _ name: String) async throws -> [(key: String, value: String)] {
        try await lines(verb, name).map { entry in
            let key = entry.prefix { $0 != " " }
            return (String(key), String(entry[key.endIndex...].dropFirst()))
        }
    }

    /// `show map FILE`: each entry's key, a blank and its value.
    func showMapLines(_ name: String) async throws -> [String] { try await lines("show map", name).map { String($0) } }

    /// Entries without their numbers.
    private func lines(_ verb: StaticString, _ name: String) async throws -> [Substring] {
        try await perform(RuntimeCommand(verb, [name])).split(separator: "\n").map { $0.drop { $0 != " " }.dropFirst() }
    }

    /// `show ssl cert`: the certificates that HAProxy holds; those of unfinished transactions are left out.
    public func showCertificates() async throws -> [String] {
        let answer = try await perform(RuntimeCommand("show ssl cert"))
        return answer.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.hasPrefix("*") }.map(String.init)
    }

    /// `show ssl cert FILE`: the fields of one certificate, such as `SHA1 FingerPrint`, `Serial`, `Status`.
    public func showCertificate(_ name: String) async throws -> [String: String] {
        let answer = try await perform(RuntimeCommand("show ssl cert", [name]))
        return Self.fields(in: answer)
    }

    /// `show ssl cert FILE`: the SHA-1 fingerprint of each certificate, without its chain.
    func showCertificateFingerprints(_ paths: [String]) async throws -> [String: ObservedFile] {
        try await observe("show ssl cert", paths, Self.fingerprints)
    }

    /// `show ssl ca-file FILE`: the same of all certificates in each file.
    func showAuthorityFingerprints(_ paths: [String]) async throws -> [String: ObservedFile] {
        try await observe("show ssl ca-file", paths, Self.fingerprints)
    }

    /// `show ssl crl-file FILE`: what tells the lists in each file from others.
    func showRevocationLists(_ paths: [String]) async throws -> [String: ObservedFile] {
        try await observe("show ssl crl-file", paths) { .known(RevocationLists.summaries(inAnswer: $0)) }
    }

    private func observe(
        _ verb: StaticString, _ paths: [String], _ read: (String) -> ObservedFile
    ) async throws -> [String: ObservedFile] {
        let answers = try await send(batch: paths.map { try RuntimeCommand(verb, [$0]) })
        let files = answers.map { $0.contains("Filename: ") ? read($0) : .missing }
        return Dictionary(uniqueKeysWithValues: zip(paths, files))
    }

    /// Unknown where HAProxy leaves out the fingerprint of a certificate whose kind of key it does not know.
    static func fingerprints(in answer: String) -> ObservedFile {
        let lines = answer.split(separator: "\n")
        let prefix = "SHA1 FingerPrint: "
        let fingerprints = lines.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        let count = lines.count { $0.hasPrefix("Serial: ") }
        return fingerprints.count < count ? .unknown : .known(fingerprints)
    }

    /// `show ssl ca-file`: the names of the CA files that HAProxy holds.
    public func showCAFiles() async throws -> [String] {
        let answer = try await perform(RuntimeCommand("show ssl ca-file"))
        return answer.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.hasPrefix("*") }
            .map { line in line.range(of: " - ").map { String(line[..<$0.lowerBound]) } ?? String(line) }
    }

    /// `show ssl crt-list -n FILE`.
    public func showCrtList(_ name: String) async throws -> [CrtListEntry] {
        CrtListEntry.all(in: try await perform(RuntimeCommand("show ssl crt-list", ["-n", name])))
    }

    /// `show info`, by field name, such as `Pid`, `Uptime_sec`, `Maxconn`.
    public func showInfo() async throws -> [String: String] {
        Self.fields(in: try await perform(RuntimeCommand("show info")))
    }

    private static func fields(in answer: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in answer.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[String(line[..<colon])] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        return fields
    }
}
