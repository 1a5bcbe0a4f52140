extension RuntimeSocket {
    /// `show stat` for backends alone: their names, and whether they are published (3.4).
    func showBackends() async throws -> [String: Bool] {
        let answer = try await perform(RuntimeCommand("show stat", ["-1", "2", "-1"]))
        let lines = answer.split(separator: "\n")
        guard let header = lines.first, header.hasPrefix("# "),
            let place = header.split(separator: ",", omittingEmptySubsequences: false).firstIndex(of: "status")
        else { throw RuntimeSocketError.brokenAnswer(command: "show stat -1 2 -1") }
        var backends: [String: Bool] = [:]
        for line in lines.dropFirst() {
            let values = line.split(separator: ",", maxSplits: place + 1, omittingEmptySubsequences: false)
            guard values.count > place else { continue }
            backends[String(values[0])] = !values[place].hasSuffix("(UNPUB)")
        }
        return backends
    }
}
