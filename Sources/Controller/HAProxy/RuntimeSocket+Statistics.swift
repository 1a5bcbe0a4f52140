extension RuntimeSocket {
    /// `show stat` for backends alone: their names, and whether they are published (3.4).
    func showBackends() async throws -> [String: Bool] {
        try await statistics(type: "2", column: "status").mapValues { !$0.hasSuffix("(UNPUB)") }
    }

    /// `show stat` for frontends alone: how many connections each may have.
    func showFrontendLimits() async throws -> [String: Int] {
        try await statistics(type: "1", column: "slim").compactMapValues { Int($0) }
    }

    /// A column of `show stat`, by the name of the proxy (management manual, section 9.1).
    ///
    /// - Parameter type: which lines: 1 for frontends, 2 for backends.
    private func statistics(type: String, column: String) async throws -> [String: String] {
        let answer = try await perform(RuntimeCommand("show stat", ["-1", type, "-1"]))
        let lines = answer.split(separator: "\n")
        guard let header = lines.first, header.hasPrefix("# "),
            let place = header.split(separator: ",", omittingEmptySubsequences: false).firstIndex(of: Substring(column))
        else { throw RuntimeSocketError.brokenAnswer(command: "show stat -1 \(type) -1") }
        var values: [String: String] = [:]
        for line in lines.dropFirst() {
            let fields = line.split(separator: ",", maxSplits: place + 1, omittingEmptySubsequences: false)
            guard fields.count > place else { continue }
            values[String(fields[0])] = String(fields[place])
        }
        return values
    }
}
