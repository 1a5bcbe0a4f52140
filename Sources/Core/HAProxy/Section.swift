/// A pod as HAProxy sees it.
public struct Server: Hashable, Sendable, Comparable {
    /// Unique in its backend and a function of the address, so that the same pods give the same names in every process.
    public private(set) var name: String
    /// An IP address or, for Services of type ExternalName, the name that is looked up for each request.
    public let address: String
    public let port: Int
    /// Takes no new sessions: the pod is terminating while others are ready.
    public var isDraining: Bool

    public init(address: String, port: Int, isDraining: Bool = false) {
        self.address = address
        self.port = port
        self.isDraining = isDraining
        name = address.utf8.contains(UInt8(ascii: ":")) ? "\(address)-\(port)" : "\(address):\(port)"
    }

    public init(_ address: IPAddress, port: Int) {
        self.init(address: address.description, port: port)
    }

    /// The same pod as a server that exists beside those of other generations.
    func named(inGeneration generation: String) -> Server {
        guard !generation.isEmpty else { return self }
        var server = Server(address: address, port: port, isDraining: isDraining)
        server.name += "_\(generation)"
        return server
    }

    /// Address and port as a `server` line has them.
    public var endpoint: String { address.utf8.contains(UInt8(ascii: ":")) ? "[\(address)]:\(port)" : "\(address):\(port)" }

    /// The weight that `server` lines and the Runtime API give it: HAProxy sends nothing new to weight 0.
    public var weight: Int { isDraining ? 0 : 1 }

    public static func < (a: Server, b: Server) -> Bool { a.name < b.name }
}

/// A setting that HAProxy changes while it runs.
public enum RuntimeSetting: Hashable, Sendable {
    /// `maxconn` of the global section; within what HAProxy started with (management manual, "set maxconn global").
    case globalMaxconn(Int)
    /// `maxconn` of a frontend (management manual, "set maxconn frontend").
    case frontendMaxconn(frontend: String, Int)

    /// The same for all values.
    var id: String {
        switch self {
        case .globalMaxconn: "maxconn of global"
        case .frontendMaxconn(let frontend, _): "maxconn of \(frontend)"
        }
    }

    /// The most that HAProxy would take when it was started with this; nil where it takes everything.
    var highest: Int? {
        switch self {
        case .globalMaxconn(let count): count
        case .frontendMaxconn: nil
        }
    }
}

/// One section of haproxy.cfg.
public struct Section: Hashable, Sendable {
    /// A line and who asked for it.
    public struct Line: Hashable, Sendable {
        public var directive: Directive
        public var origin: Origin
        /// Lines of a feature's fixed rules carry its name: a running section may have more of these than are wanted, because
        /// rules that no route uses do nothing.
        public var feature: String?
        /// How a running HAProxy takes over the line without a reload; nil for lines that only a reload changes.
        public var setting: RuntimeSetting?
        /// Who asked for parts of the line, such as keywords of a `bind` line; empty when the whole line is ``origin``'s.
        public var parts: [Traced<Directive>] = []

        public init(_ directive: Directive, origin: Origin = .controller, feature: String? = nil, setting: RuntimeSetting? = nil)
        {
            self.directive = directive
            self.origin = origin
            self.feature = feature
            self.setting = setting
        }

        /// A line whose parts have owners of their own.
        init(_ directive: Directive, parts: [Traced<Directive>], feature: String? = nil) {
            let named = parts.first { $0.origin.object != nil } ?? parts.first
            self.init(directive, origin: named?.origin ?? .controller, feature: feature)
            self.parts = parts
        }

        /// The line as far as only a reload changes it.
        var fixedPart: Line {
            guard let setting else { return self }
            return Line("\(raw: setting.id)", feature: feature)
        }

        public static func == (a: Line, b: Line) -> Bool { a.directive == b.directive && a.feature == b.feature }
        public func hash(into hasher: inout Hasher) { hasher.combine(directive) }
    }

    /// The line that begins the section, such as `backend shop_svc_web_http`.
    public let header: String
    public var origin: Origin
    public var lines: [Line]
    public var pool: ServerPool?

    public init(_ header: String, origin: Origin = .controller, lines: [Line] = [], pool: ServerPool? = nil) {
        self.header = header
        self.origin = origin
        self.lines = lines
        self.pool = pool
    }

    public mutating func add(_ directive: Directive, origin: Origin = .controller, feature: String? = nil) {
        lines.append(Line(directive, origin: origin, feature: feature))
    }

    public mutating func add(_ traced: [Traced<Directive>]) {
        for line in traced { lines.append(Line(line.value, origin: line.origin)) }
    }

    /// Adds raw lines to a frontend. Its limit of connections changes without a reload.
    mutating func add(snippet: [Traced<Directive>]) {
        func limit(_ line: Directive) -> Int? {
            let words = line.text.split(separator: " ")
            return words.count == 2 && words[0] == "maxconn" ? Int(words[1]) : nil
        }
        let isClear = snippet.count { $0.value.text.hasPrefix("maxconn ") } == 1
        for line in snippet {
            let setting = isClear ? limit(line.value).map { RuntimeSetting.frontendMaxconn(frontend: name, $0) } : nil
            lines.append(Line(line.value, origin: line.origin, setting: setting))
        }
    }

    /// What follows the section's keyword.
    public var name: String { header.split(separator: " ", maxSplits: 1).dropFirst().first.map(String.init) ?? "" }
    public var isBackend: Bool { header.hasPrefix("backend ") }

    public static func == (a: Section, b: Section) -> Bool { a.header == b.header && a.lines == b.lines && a.pool == b.pool }
    public func hash(into hasher: inout Hasher) {
        hasher.combine(header)
        hasher.combine(lines)
        hasher.combine(pool)
    }
}
