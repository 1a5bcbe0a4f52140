/// How much of what all tenants share one object, place or table may take. Operators set it with `--limits`.
///
/// What is beyond a limit is refused to its owner, who is told the limit and the flag that raises it.
public struct ResourceLimits: Hashable, Sendable {
    /// One limit.
    public enum Name: String, Hashable, Sendable, CaseIterable {
        case annotationBytes = "annotation-bytes"
        case ingressPaths = "ingress-paths"
        case certificateHosts = "certificate-hosts"
        case headerNames = "header-names"
        case frontendRules = "frontend-rules"
        case namespaceFrontendRules = "namespace-frontend-rules"
        case captures = "captures"
        case captureBytes = "capture-bytes"
        case rewriteRules = "rewrite-rules"
        case placeConditions = "place-conditions"
        case namespaceConditions = "namespace-conditions"
        case conditions = "conditions"
        case addressListEntries = "address-list-entries"
        case rateLimitEntries = "rate-limit-entries"
        case totalRateLimitEntries = "total-rate-limit-entries"
        case backendServers = "backend-servers"
        case staticServers = "static-servers"
        case snippetLines = "snippet-lines"
        case checkInterval = "check-interval-ms"
        case namespaceChecks = "namespace-checks"
        case passwordHash = "password-hash-ms"
        case expressionTime = "expression-ms"
        case users = "auth-users"
        case rsaBits = "rsa-bits"
        case timeout = "timeout-seconds"
        case logLines = "log-lines"
        case originExpressions = "origin-expressions"
        case namespaceOriginExpressions = "namespace-origin-expressions"

        /// What holds unless the operator says something else.
        public var usual: Int {
            switch self {
            case .annotationBytes: 131_072
            case .ingressPaths: 20_000
            case .certificateHosts: 5000
            case .headerNames: 64
            case .frontendRules: 32
            case .namespaceFrontendRules: 16
            case .captures: 16
            case .captureBytes: 16_384
            case .rewriteRules: 32
            case .placeConditions: 32
            case .namespaceConditions: 256
            case .conditions: 1024
            case .addressListEntries: 10_000
            case .rateLimitEntries: 1_048_576
            case .totalRateLimitEntries: 10_485_760
            case .backendServers: 10_000
            case .staticServers: 1000
            case .snippetLines: 500
            case .checkInterval: 100
            case .namespaceChecks: 5000
            case .passwordHash: 50
            case .expressionTime: 40
            case .users: 1000
            case .rsaBits: 8192
            case .timeout: 86_400
            case .logLines: 500
            case .originExpressions: 256
            case .namespaceOriginExpressions: 32
            }
        }

        /// What it is the limit of, for the manual.
        public var summary: String {
            switch self {
            case .annotationBytes:
                "bytes of the controller's annotations on one Ingress or Service; the longest values are refused"
            case .ingressPaths: "paths of one Ingress; further ones are left out"
            case .certificateHosts: "hosts for which one Ingress brings certificates; further ones are left out"
            case .headerNames: "headers that request-set-header sets, and as many of response-set-header"
            case .frontendRules:
                """
                rules of a kind in the frontends that are about a name or number that some tenant chose; further ones are rules of \
                the backends
                """
            case .namespaceFrontendRules: "such rules that the objects of one namespace bring"
            case .captures: "lines of request-capture"
            case .captureBytes: "lines of request-capture times request-capture-len"
            case .rewriteRules: "lines of path-rewrite"
            case .placeConditions: "Services with route-acl that share one path; further ones get no requests"
            case .namespaceConditions:
                "different values of route-acl in one namespace; Services with further ones get no requests"
            case .conditions:
                "different values of route-acl of all namespaces together; Services with younger ones get no requests"
            case .addressListEntries: "networks of one list of addresses"
            case .rateLimitEntries: "rate-limit-size: entries of one stick table, of about 200 bytes each"
            case .totalRateLimitEntries:
                "entries of the stick tables of all rate limits together; beyond it each namespace's tables get an equal share"
            case .backendServers: "pods of a Service that get requests"
            case .staticServers:
                "server lines of a backend whose algorithm takes none at run time (static-rr): pods and spare slots"
            case .snippetLines: "lines of backend-config-snippet on an Ingress or a Service"
            case .checkInterval: "the shortest check-interval, in milliseconds"
            case .namespaceChecks:
                """
                checks a second of all pods that the Services of one namespace have; HAProxy does not check the pods of Services with \
                younger routes. 5,000 take an eighth of a processor
                """
            case .users:
                "users of one auth-secret; further ones, by their names, are left out. HAProxy looks through them for each request"
            case .rsaBits:
                """
                bits of the RSA key of a certificate. A handshake with 4,096 takes 3 milliseconds of processor time, one with 8,192 takes 30
                """
            case .passwordHash:
                """
                milliseconds of processor time that a hash of auth-secret costs for each request, by estimation; users with costlier \
                ones are left out
                """
            case .expressionTime:
                """
                milliseconds of processor time that expressions of annotations cost a request, by estimation: half of it for the \
                settings of its route, half for all conditions (route-acl) at its path
                """
            case .timeout: "the longest timeout of connections with pods, in seconds"
            case .logLines:
                """
                messages in the log, and new Events, about the objects of one namespace at once; further ones follow one a second
                """
            case .originExpressions:
                """
                regular expressions of cors-allow-origin of all routes together; routes with younger ones send no CORS headers
                """
            case .namespaceOriginExpressions: "such expressions that the objects of one namespace bring"
            }
        }
    }

    private var changed: [Name: Int] = [:]

    public init() {}

    public subscript(_ name: Name) -> Int {
        get { changed[name] ?? name.usual }
        set { changed[name] = newValue }
    }

    /// Takes in `NAME=NUMBER`, separated by commas.
    ///
    /// - Throws: ``ValueError``.
    public mutating func set(_ text: String) throws {
        for part in text.split(separator: ",") {
            let words = part.split(separator: "=", omittingEmptySubsequences: false).map { String($0).trimmingWhitespace }
            guard let name = Name(rawValue: words[0]) else {
                throw ValueError(
                    "names the limit \(words[0].quotedForPeople); there are \(Name.allCases.map(\.rawValue).joined(separator: ", "))"
                )
            }
            guard words.count == 2, words[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(words[1]),
                (1...Int(Int32.max)).contains(number)
            else { throw ValueError("gives \(name.rawValue) no number from 1 to \(Int32.max)") }
            changed[name] = number
        }
    }

    /// How findings name a limit.
    public func description(of name: Name) -> String {
        "the limit is \(self[name]), which --limits \(name.rawValue)=NUMBER changes for the whole controller"
    }
}
