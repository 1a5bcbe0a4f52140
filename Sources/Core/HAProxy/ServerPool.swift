/// The servers of a backend and the keywords they share.
public struct ServerPool: Hashable, Sendable {
    /// Keywords of every server, such as `check inter 2s`.
    public let keywords: [Traced<Directive>]
    /// Further keywords of every server. When they change, servers of another name take the place of the running ones, as if
    /// all pods were new.
    public let replaceable: [Traced<Directive>]
    /// `maxconn` of every server, which a running HAProxy changes; nil for no limit.
    public var maxconn: Traced<Int>?
    public var cookies: ServerCookies
    /// By name.
    public var servers: [Server]
    /// For algorithms that HAProxy cannot add servers to: how many server lines there are, the unused ones disabled.
    public var slots: Int?
    /// What ``slots`` is a multiple of.
    public var slotStep: Int

    public init(
        keywords: [Traced<Directive>] = [], replaceable: [Traced<Directive>] = [], maxconn: Traced<Int>? = nil,
        cookies: ServerCookies = .none, servers: [Server] = [], slots: Int? = nil, slotStep: Int = 1
    ) {
        self.keywords = keywords
        self.replaceable = replaceable
        self.maxconn = maxconn
        self.cookies = cookies
        let generation = Self.generation(replaceable)
        self.servers = servers.map { $0.named(inGeneration: generation) }.sorted()
        self.slots = slots
        self.slotStep = slotStep
    }

    /// Other pods with the same keywords, whatever keywords they come with.
    func with(_ servers: [Server], maxconn: Traced<Int>?) -> ServerPool {
        ServerPool(
            keywords: keywords, replaceable: replaceable, maxconn: maxconn, cookies: cookies,
            servers: servers.map { Server(address: $0.address, port: $0.port, isDraining: $0.isDraining) }, slots: slots,
            slotStep: slotStep)
    }

    /// The keywords as one text, without those that a running HAProxy changes.
    public var keywordText: String { keywords.map(\.value.text).joined(separator: " ") }

    var replaceableText: String { replaceable.map(\.value.text).joined(separator: " ") }

    /// What tells the names of servers with these replaceable keywords from those with others; empty without any.
    var generation: String { Self.generation(replaceable) }

    private static func generation(_ keywords: [Traced<Directive>]) -> String {
        keywords.isEmpty ? "" : String(StableID.make(keywords.map(\.value.text)).prefix(8))
    }

    /// The limit as HAProxy counts it: 0 is none.
    var limit: Int { maxconn?.value ?? 0 }

    /// What a server has to be told that is added at run time, where `default-server` does not count.
    var keywordsAtRunTime: ServerKeywords {
        let text = (keywords + replaceable).map(\.value.text).joined(separator: " ")
        return ServerKeywords(text, maxconn: maxconn?.value, makesCookie: cookies == .addresses)
    }

    /// The names of all slots; empty where there are none.
    var slotNames: [String] { (0..<(slots ?? 0)).map { Self.slotName($0 + 1) } }

    /// The name of the n-th slot, counted from 1.
    public static func slotName(_ number: Int) -> String { "slot_\(number)" }
}

/// How the servers of a backend are named in the cookie that keeps a client with one of them (configuration manual,
/// section 4.2, `cookie`).
public enum ServerCookies: String, Hashable, Sendable {
    /// There is no such cookie.
    case none
    /// By a hash of their addresses (`dynamic`).
    case addresses
    /// By their names: a keyword of each `server` line, which HAProxy 2.6 does not take at run time.
    case names
}

/// What a server is told when it is added to a running HAProxy.
public struct ServerKeywords: Hashable, Sendable, ExpressibleByStringLiteral {
    public let text: String
    /// nil for no limit.
    public let maxconn: Int?
    /// Whether HAProxy has to be asked to make the server's cookie of its address, which `add server` does not do on 2.6.
    public let makesCookie: Bool

    /// Whether they have checks, which HAProxy starts when it is told so.
    public var areChecked: Bool { text.split(separator: " ").contains("check") }

    public init(_ text: String, maxconn: Int? = nil, makesCookie: Bool = false) {
        self.text = text
        self.maxconn = maxconn
        self.makesCookie = makesCookie
    }

    public init(stringLiteral value: String) { self.init(value) }
}
