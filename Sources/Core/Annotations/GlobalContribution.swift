/// What handlers contribute to the whole HAProxy.
public struct GlobalContribution {
    /// What a protection closes: the frontends that serve routes, and the controller's own metrics.
    public enum Frontend: Hashable, Sendable {
        case http, https, metrics
    }

    /// Where the certificate for clients that name no known host is, relative to the configuration directory.
    public static let defaultCertificatePath = CertificateList.defaultCertificate

    public let environment: AnnotationEnvironment
    private let objects: ObjectReader
    private(set) var globalLines: [Traced<Directive>] = []
    private(set) var maxconn: Traced<Int>?
    private var hasRequestLogTarget = false
    private(set) var globalSnippet: [Traced<Directive>] = []
    private(set) var defaultsLines: [Traced<Directive>] = []
    private(set) var bindOptions: [Traced<Directive>] = []
    private(set) var tlsBindOptions: [Traced<Directive>] = []
    private(set) var quicBindOptions: [Traced<Directive>] = []
    private(set) var tcpServiceBindOptions: [Traced<Directive>] = []
    /// Frontends whose protection cannot be built, and who asked for it.
    private(set) var closed: [Frontend: Origin] = [:]
    private(set) var frontendLines: [Traced<Directive>] = []
    private(set) var connectionLines: [Traced<Directive>] = []
    private(set) var tcpFrontendLines: [Traced<Directive>] = []
    private(set) var mapEntries: [String: [String: String]] = [:]
    private(set) var frontendSnippet: [Traced<Directive>] = []
    private(set) var statsSnippet: [Traced<Directive>] = []
    private(set) var files: [ConfigurationFile] = []
    private(set) var findings: [Finding] = []
    /// The certificate for connections that name no host we have one for:
    /// one for each kind of key; none for the command line's.
    public var defaultCertificates: [CertificateBundle] = []
    /// For how many seconds clients remember that HTTPS is served over QUIC.
    public var quicMaximumAge: Traced<Int>?
    /// Whether the names in the default certificate are known hosts.
    public var listsDefaultCertificate = false
    /// Whether certificates that are not used any more are removed from the directory.
    public var removesUnusedCertificates = true

    /// Who may read the controller's metrics by TCP; nil for everybody.
    public var metricsUsers: [String: CryptHash]?

    /// Whom the controller shows its metrics by TCP.
    var metricsAccess: MetricsAccess {
        if closed[.metrics] != nil { return .closed }
        return metricsUsers.map(MetricsAccess.users) ?? .everybody
    }

    /// A size that lines of the `global` section set, in bytes; nil where none does. Of several ones it is the smallest, which is right
    /// whichever HAProxy takes.
    func size(_ keyword: String) -> Int? {
        (globalLines + globalSnippet).compactMap { line in
            let words = line.value.text.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
                .map { $0.filter { !"'\"".contains($0) } }
            guard words.first == keyword, words.count > 1 else { return nil }
            let digits = words[1].prefix { ("0"..."9").contains($0) }
            let unit = ["": 1, "k": 1024, "m": 1 << 20][words[1].dropFirst(digits.count).lowercased()] ?? 1
            // HAProxy takes no size of nothing.
            return Int(digits).flatMap { size in size > 0 && size < 1 << 31 ? size * unit : nil }
        }.min()
    }

    var origin = Origin.controller
    var unrepresentable: AnnotationError?

    init(environment: AnnotationEnvironment, objects: ObjectReader) {
        self.environment = environment
        self.objects = objects
    }

    /// Adds a line to the `global` section.
    public mutating func global(_ line: Directive, from source: Origin? = nil) { append(line, source, \.globalLines) }

    /// Adds a `log` line to the `global` section.
    ///
    /// - Parameter takesRequests: whether its level lets the lines of requests through, which are of level `info` (configuration
    ///   manual, section 4.2, "log").
    public mutating func log(_ line: Directive, takesRequests: Bool, from source: Origin? = nil) {
        append(line, source, \.globalLines)
        hasRequestLogTarget = hasRequestLogTarget || takesRequests
    }

    /// Limits the connections of the whole process; a changed limit takes no reload.
    public mutating func limitConnections(to count: Int, from source: Origin? = nil) {
        maxconn = Traced(count, origin: source ?? origin)
    }

    /// Adds a line to the `defaults` section that all proxies share.
    public mutating func defaults(_ line: Directive, from source: Origin? = nil) { append(line, source, \.defaultsLines) }

    /// Adds keywords to the `bind` lines of the HTTP and HTTPS frontends.
    public mutating func bind(_ keywords: Directive, from source: Origin? = nil) { append(keywords, source, \.bindOptions) }

    /// Adds keywords to the `bind` lines that end TLS.
    ///
    /// - Parameters:
    ///   - forQUIC: false for keywords that only a TCP listener can have.
    ///   - forTCPServices: false for keywords that are about HTTP.
    public mutating func tlsBind(
        _ keywords: Directive, forQUIC: Bool = true, forTCPServices: Bool = true, from source: Origin? = nil
    ) {
        append(keywords, source, \.tlsBindOptions)
        if forQUIC { append(keywords, source, \.quicBindOptions) }
        if forTCPServices { append(keywords, source, \.tcpServiceBindOptions) }
    }

    /// Makes frontends answer 503 to everything.
    mutating func close(_ frontends: Set<Frontend>, from origin: Origin) {
        for frontend in frontends where closed[frontend] == nil { closed[frontend] = origin }
    }

    /// Adds a line to the HTTP and HTTPS frontends, before the routing rules.
    public mutating func frontend(_ line: Directive, from source: Origin? = nil) { append(line, source, \.frontendLines) }

    /// Adds a line to the frontends in TCP mode: TCP services and passed-through TLS.
    public mutating func tcpFrontend(_ line: Directive, from source: Origin? = nil) { append(line, source, \.tcpFrontendLines) }

    /// Adds a `tcp-request connection` rule to the frontends that clients connect to, before everything else: http, and https
    /// or, where TLS is passed through, the frontend before it. What differs between values it reads from a map, so that the
    /// line stays when it is no longer asked for and the map is empty.
    public mutating func connection(_ line: Directive, from source: Origin? = nil) { append(line, source, \.connectionLines) }

    /// Adds an entry to a map that lines read with `map:`.
    ///
    /// - Throws: ``AnnotationError`` when the key holds white space, or either holds control characters or is empty.
    public mutating func addEntry(to map: String, key: String, value: String) throws {
        if let problem = MapFile.problem(key: key, value: value, environment.readerLimits) {
            throw AnnotationError(Finding(.error, object: origin.object, key: origin.key, value: value, problem))
        }
        mapEntries[map, default: [:]][key] = value
    }

    /// Adds raw lines at the end of the `global` section.
    public mutating func globalSnippet(_ lines: [String], from source: Origin? = nil) {
        for line in lines { append(Directive(raw: line), source, \.globalSnippet) }
    }

    /// Adds raw lines to the HTTP and HTTPS frontends, after the controller's own rules.
    public mutating func frontendSnippet(_ lines: [String], from source: Origin? = nil) {
        for line in lines { append(Directive(raw: LocalPeer.keeping(line)), source, \.frontendSnippet) }
    }

    /// Adds raw lines at the end of the statistics frontend.
    public mutating func statsSnippet(_ lines: [String], from source: Origin? = nil) {
        for line in lines { append(Directive(raw: line), source, \.statsSnippet) }
    }

    /// Makes sure that a file exists and returns its path for the lines that name it.
    public mutating func file(_ file: ConfigurationFile) -> String {
        if !files.contains(file) { files.append(file) }
        return file.path
    }

    /// The Secret that a value names.
    ///
    /// - Throws: ``AnnotationError`` when there is none.
    public func secret(_ reference: Resolved<SecretReference>) throws -> Secret { try objects.secret(reference) }

    /// The certificates that a Secret holds, to be shown. In place of one that an update broke it is the last one that could be
    /// used, and the Secret's owner is told.
    ///
    /// - Parameters:
    ///   - parts: the parts of the Secret that are looked at; nil for all that there are.
    ///   - file: the file that HAProxy gets for a certificate.
    /// - Throws: ``AnnotationError`` when there is none that can be used, and as ``secret(_:)`` does.
    public mutating func certificates(
        _ reference: Resolved<SecretReference>, parts: [SecretPart]? = nil, file: (CertificateBundle) -> ConfigurationFile
    ) throws -> [CertificateBundle] {
        let (bundles, problem) = try objects.certificates(reference, parts: parts, file: file)
        if let problem { findings.append(problem) }
        return bundles
    }

    /// Tells the operator about something that is odd but not wrong.
    public mutating func warn<Value>(_ about: Resolved<Value>, _ message: String) {
        findings.append(Finding(.warning, object: about.object, key: about.writtenKey, value: about.raw, message))
    }

    /// Whether a snippet has rules that see connections before the requests of the HTTP and HTTPS frontends.
    var hasConnectionSnippet: Bool { frontendSnippet.contains { $0.value.text.hasPrefix("tcp-request ") } }

    /// The variables that the snippet of the HTTP and HTTPS frontends names, or the format of log lines: also where no target takes
    /// those of requests, since a backend's snippet may raise the level of some.
    var requestVariables: [Traced<SnippetVariable>] { SnippetVariable.named(in: frontendSnippet + defaultsLines) }

    /// The variables that the format of log lines about connections names.
    var connectionVariables: [Traced<SnippetVariable>] { SnippetVariable.named(in: tcpFrontendLines) }

    /// Whether the operator allows directives that HAProxy calls experimental.
    var allowsExperimentalDirectives: Bool {
        globalSnippet.contains { $0.value.text.split(separator: " ").first == "expose-experimental-directives" }
    }

    /// Whether requests may leave the frontends' rules early, and find the settings of their route in its backend. The rules of a
    /// snippet are for all requests and come after the settings.
    var allowsInlinedSettings: Bool {
        frontendSnippet.allSatisfy { line in
            Self.keywordsWithoutRules.contains(String(line.value.text.prefix { $0 != " " }))
        }
    }

    private static let keywordsWithoutRules: Set = [
        "acl", "backlog", "compression", "errorfile", "id", "log", "log-format", "log-format-sd", "log-tag", "maxconn", "no",
        "option", "timeout", "unique-id-format", "unique-id-header",
    ]

    /// Whether something takes the lines of requests: a target, one that a snippet adds, or one that gets those of failed requests
    /// because a snippet raises their level.
    var logsRequests: Bool {
        hasRequestLogTarget
            || (globalSnippet + frontendSnippet).contains { line in
                line.value.text.hasPrefix("log ") || line.value.text.hasPrefix("option log-separate-errors")
            }
    }

    private mutating func append(
        _ line: Directive, _ source: Origin?, _ list: WritableKeyPath<GlobalContribution, [Traced<Directive>]>
    ) {
        let origin = source ?? origin
        if let flaw = line.flaw {
            unrepresentable = AnnotationError(
                Finding(.error, object: origin.object, key: origin.key, value: flaw.value, flaw.problem))
            return
        }
        self[keyPath: list].append(Traced(line, origin: origin))
    }
}
