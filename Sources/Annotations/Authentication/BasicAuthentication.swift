import Core

/// HTTP Basic authentication against the users of a Secret.
public struct BasicAuthentication: RouteAnnotation {
    static let kind = AnnotationKey(
        "auth-type", .choice("basic-auth"), scopes: [.configMap, .ingress], acts: .backend, update: .reload, since: "1.5",
        summary: "Asks clients for a user name and password. `basic-auth` is the only kind of authentication there is.")

    static let secret = AnnotationKey(
        "auth-secret", .secret, scopes: [.configMap, .ingress], acts: .backend, update: .reload, since: "1.5",
        summary: """
            The Secret that holds the users: each key is a user name, each value the crypt(3) hash of that user's password. \
            Without \
            a namespace the Secret is one of the object's own namespace.
            """)

    static let realm = AnnotationKey(
        "auth-realm", .line, scopes: [.configMap, .ingress], default: "Protected Content", acts: .backend, update: .reload,
        since: "1.5", summary: "The name of the protected area, which browsers show when they ask for the password.")

    public static let reference = AnnotationReference(
        family: "basic-auth", title: "Basic authentication",
        summary: """
            Requests need the name and password of a user that the Secret lists; others are answered with 401 and a challenge.

            The passwords travel as clear text inside the request, so let clients use HTTPS only. A hash comes from \
            `openssl passwd -6` or `mkpasswd`; hashes that begin with `$apr1$` are Apache's own and not crypt(3) ones. A line \
            break at \
            the end of a value is ignored. When the Secret is missing or empty, or one of its values is no hash, the routes \
            answer \
            503 until it is mended.

            HAProxy works out the hash for each request, on the threads that serve everybody. A user whose hash costs more than \
            `--limits password-hash-ms` (50 ms unless told otherwise) is left out and cannot come in, the others can. Hashes of \
            `openssl passwd`, `mkpasswd` and `htpasswd -B` cost 1 to 15 ms; bcrypt costs 43 ms with a cost of 10, and twice as much \
            with 11. HAProxy looks through all users for each request: of more than `--limits auth-users` (1,000) in one Secret those \
            whose names come last are left out.

            \(PathNormalization.note)
            """,
        keys: [kind.reference, secret.reference, realm.reference], isProtection: true,
        examples: [
            AnnotationExample(
                "One user, called alice, with the password secret",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [
                        ("auth-type", "basic-auth"), ("auth-secret", "shop-users"), ("auth-realm", "Members only"),
                    ]),
                    ExampleManifest.service(),
                    ExampleManifest.secret(
                        name: "shop-users", type: "Opaque",
                        stringData: [("alice", "$5$f9c2a71d$THiWmct/N3rdH3jmtQXnvvjJmNzcxL8dHn8SzC1bPp/")])),
                leadsTo: [
                    "userlist shop_shop-users",
                    "http-request auth realm 'Members only' unless { http_auth(shop_shop-users) }",
                ])
        ])

    let users: Resolved<SecretReference>
    let realm: String

    public init?(_ values: AnnotationValues) throws {
        guard let kind = try values.resolved(Self.kind) else {
            values.warnIdle([Self.secret.reference, Self.realm.reference], "has no effect without auth-type: basic-auth")
            return nil
        }
        guard let secret = try values.resolved(Self.secret) else {
            throw kind.error("needs auth-secret, the Secret with the users")
        }
        users = secret
        realm = try values[Self.realm] ?? "Protected Content"
    }

    public func contribute(to route: inout RouteContribution) throws {
        let secret = try route.secret(users)
        let (all, excess) = try users.users(in: secret, within: route.environment.limits)
        if let excess { route.note(excess) }
        var hashes: [String: CryptHash] = [:]
        var refusals: [Finding] = []
        for (user, hash) in all.sorted(by: { $0.key < $1.key }) {
            if let finding = refusal(of: hash, of: user, in: secret, route.environment.limits) {
                refusals.append(finding)
            } else {
                hashes[user] = hash
            }
        }
        if hashes.isEmpty, let finding = refusals.first { throw AnnotationError(finding) }
        for finding in refusals { route.note(finding) }
        let list = UserList(name: "\(users.namespace)_\(users.value.name)", users: hashes, origin: users.origin)
        route.backend.userList(list)
        route.backend.rule(
            .authentication, "http-request auth realm \(Self.quotable(realm)) unless { http_auth(\(raw: list.name)) }",
            from: users.origin)
    }

    /// Why a user is left out whose hash would cost every request of theirs too much of the time that all share.
    private func refusal(
        of hash: CryptHash, of user: String, in secret: Secret, _ limits: ResourceLimits
    ) -> Finding? {
        let limit = Duration.milliseconds(limits[.passwordHash])
        guard users.scope > .configMap, hash.cost > limit else { return nil }
        let cost = Int((hash.cost / .milliseconds(1)).rounded(.up))
        // The value itself stays out of logs.
        return Finding(
            .error, object: ObjectKey(.secret, namespace: secret.metadata.namespace, name: secret.metadata.name),
            key: "data.\(user)",
            """
            holds a hash that takes HAProxy up to \(cost)ms of processor time for each request, so the user cannot come in; \
            \(limits.description(of: .passwordHash))
            """,
            expected: "a hash as openssl passwd -6 prints it, or bcrypt with a cost of 10 at most")
    }

    /// HAProxy puts the realm into the challenge's quotes as it is; RFC 9110, section 5.6.4, wants these two escaped there.
    private static func quotable(_ realm: String) -> String {
        // By scalars: to Swift a quote and the accent after it are one character.
        realm.unicodeScalars.reduce(into: "") { quoted, scalar in
            if scalar == "\"" || scalar == "\\" { quoted.append("\\") }
            quoted.unicodeScalars.append(scalar)
        }
    }
}
