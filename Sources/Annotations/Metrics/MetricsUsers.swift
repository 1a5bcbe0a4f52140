import Core

/// Who may read the controller's metrics.
public struct MetricsUsers: GlobalAnnotation {
    static let secret = AnnotationKey(
        "prometheus-endpoint-auth-secret", .secret, scopes: [.configMap], acts: .controller, update: .runtime, since: "3.0",
        example: "haproxy-controller/prometheus-credentials",
        summary: """
            The Secret with the users who may read the controller's /metrics: each key is a user name, each value the crypt(3) \
            hash of that user's password.
            """)

    public static let reference = AnnotationReference(
        family: "metrics", title: "Users of the metrics",
        summary: """
            Clients of /metrics at `--controller-port` and at `--admin-bind` need the name and password of a user that the Secret \
            lists; others are answered with 401 and a challenge. The passwords travel as clear text. While the Secret is missing or \
            empty, or one of its values is no hash, /metrics answers 503. Probes, the socket in `--runtime-dir` and HAProxy's own \
            metrics at `--stats-bind-port` are not touched.
            """,
        keys: [secret.reference], isProtection: true,
        examples: [
            AnnotationExample(
                "One user, called prometheus, with the password secret",
                manifest: ExampleManifest.join(
                    ExampleManifest.configMap([("prometheus-endpoint-auth-secret", "default/prometheus-credentials")]),
                    ExampleManifest.secret(
                        namespace: "default", name: "prometheus-credentials",
                        stringData: [("prometheus", "$5$f9c2a71d$THiWmct/N3rdH3jmtQXnvvjJmNzcxL8dHn8SzC1bPp/")])),
                leadsTo: ["frontend healthz"])
        ])

    public static let protectedFrontends: Set<GlobalContribution.Frontend> = [.metrics]

    let secret: Resolved<SecretReference>

    public init?(_ values: AnnotationValues) throws {
        guard let secret = try values.resolved(Self.secret) else { return nil }
        self.secret = secret
    }

    public func contribute(to global: inout GlobalContribution) throws {
        global.metricsUsers = try secret.users(in: global.secret(secret))
    }
}
