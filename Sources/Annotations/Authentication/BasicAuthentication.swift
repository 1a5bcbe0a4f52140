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
        let hashes = try users.users(in: secret)
        let list = UserList(name: "\(users.namespace)_\(users.value.name)", users: hashes, origin: users.origin)
        route.backend.userList(list)
        route.backend.rule(
            .authentication, "http-request auth realm \(Self.quotable(realm)) unless { http_auth(\(raw: list.name)) }",
            from: users.origin)
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
