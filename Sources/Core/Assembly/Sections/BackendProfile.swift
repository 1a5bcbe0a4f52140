/// What a backend that HAProxy is given while it runs takes from the configuration: its lines, and how cookies name its servers.
/// What servers are told, they bring along.
public struct BackendProfile: Hashable, Sendable {
    public static let namePrefix = "profile_"

    let lines: [Section.Line]
    let cookies: ServerCookies

    /// nil for backends whose servers have to be in the configuration.
    init?(_ section: Section) {
        guard let pool = section.pool, pool.slots == nil, pool.cookies != .names else { return nil }
        lines = section.lines
        cookies = pool.cookies
    }

    private init(lines: [Section.Line], cookies: ServerCookies) { (self.lines, self.cookies) = (lines, cookies) }

    /// What is left of it when HAProxy is told the rest of each backend that it creates, or that a spare stands in for: the key of
    /// cookies.
    var template: BackendProfile {
        BackendProfile(lines: lines.filter { !$0.directive.text.hasPrefix(Section.cookieKeyword) }, cookies: cookies)
    }

    /// The same in every process.
    var id: String { StableID.make(lines.map(\.directive.text) + [cookies.rawValue]) }

    /// Of the `defaults` section that backends are created from.
    var name: String { Self.namePrefix + id }

    /// Whether a `defaults` section can hold the lines. Snippets may have others.
    var fitsDefaults: Bool {
        lines.allSatisfy { line in
            let words = line.directive.text.split(separator: " ")
            return words.first.map { Self.keywords.contains(String($0)) } ?? true
        }
    }

    /// The keywords that named `defaults` sections take (configuration manual, section 4.1) and that a backend made from them
    /// obeys as if they were its own.
    private static let keywords: Set = [
        "acl", "balance", "compression", "cookie", "fullconn", "hash-balance-factor", "hash-type",
        "http-after-response", "http-check", "http-request", "http-response", "http-reuse", "http-send-name-header", "mode", "no",
        "option", "retries", "retry-on", "tcp-check", "tcp-request", "tcp-response", "timeout",
    ]
}

extension Section {
    fileprivate static let cookieKeyword = "dynamic-cookie-key "

    /// What the names of servers in cookies are made with, which a running HAProxy can be told.
    public var dynamicCookieKey: String? {
        let line = lines.last { $0.directive.text.hasPrefix(Self.cookieKeyword) }
        return line.map { String($0.directive.text.dropFirst(Self.cookieKeyword.count)) }
    }

    /// A backend in reserve.
    init(spare name: String, _ profile: BackendProfile) {
        self.init("backend \(name)", lines: profile.lines.map(\.ownerless), pool: ServerPool(cookies: profile.cookies))
    }

    /// What backends are created from while HAProxy runs (configuration manual, section 4, "defaults").
    ///
    /// - Parameter common: the section that the other backends take their defaults from. It has no name: backends created from one
    ///   take the same lines. Error pages are the frontends' too, which is enough.
    init(_ profile: BackendProfile, common: Section?) {
        let hasMode = profile.lines.contains { $0.directive.text.hasPrefix("mode ") }
        let shared = (common?.lines ?? []).filter { line in
            let text = line.directive.text
            return !text.hasPrefix("errorfile ") && !(hasMode && text.hasPrefix("mode "))
        }
        self.init("defaults \(profile.name)", lines: (shared + profile.lines).map(\.ownerless))
    }
}

extension Section.Line {
    /// The line as the controller's own: nobody is to blame for what is in reserve.
    fileprivate var ownerless: Section.Line { Section.Line(directive, feature: feature) }
}
