extension GlobalContribution {
    /// Where the operator's snippets have HAProxy listen, beside the controller's own listeners.
    var snippetListeners: [EngineOptions.Listener] {
        (globalSnippet + frontendSnippet + statsSnippet).flatMap { EngineOptions.Listener.all(inLine: $0.value.text) }
    }
}

extension EngineOptions.Listener {
    /// The listeners of a line of a snippet by TCP: of `bind`, and of `stats socket` (configuration manual, sections 4.2, "bind", and 3.1,
    /// "stats socket"); none for other lines, and for sockets of this host.
    static func all(inLine line: String) -> [EngineOptions.Listener] {
        let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map { $0.filter { !"'\"".contains($0) } }
        let addresses: String
        switch (words.first, words.dropFirst().first) {
        case ("bind", let first?): addresses = first
        case ("stats", "socket"): addresses = words.dropFirst(2).first ?? ""
        default: return []
        }
        return addresses.split(separator: ",").flatMap { listeners(at: String($0), isDualStack: !words.contains("v6only")) }
    }

    /// Addresses of the protocols that HTTP and the Runtime API are spoken over by TCP.
    private static let families = ["ipv4@": false, "ipv6@": true, "tcp@": false, "tcp4@": false, "tcp6@": true]
    /// A range of more ports is none that somebody listens at.
    private static let mostPorts = 4096

    private static func listeners(at text: String, isDualStack: Bool) -> [EngineOptions.Listener] {
        var address = text[...]
        var prefersIPv6 = false
        if let at = address.firstIndex(of: "@") {
            guard let isIPv6 = families[String(address[...at]).lowercased()] else { return [] }
            prefersIPv6 = isIPv6
            address = address[address.index(after: at)...]
        }
        guard !address.hasPrefix("/"), let colon = address.lastIndex(of: ":") else { return [] }
        let host = address[..<colon].filter { !"[]".contains($0) }
        let bounds = address[address.index(after: colon)...].split(separator: "-").compactMap { Int($0) }
        guard let first = bounds.first, let last = bounds.last, (1...65_535).contains(first), first <= last else { return [] }
        // HAProxy resolves a name, which may stand for any address.
        let parsed = IPAddress(String(host)) ?? (prefersIPv6 ? .unspecifiedIPv6 : .unspecified)
        return (first...min(last, first + mostPorts, 65_535)).map {
            EngineOptions.Listener(address: parsed, port: $0, isDualStack: isDualStack)
        }
    }
}
