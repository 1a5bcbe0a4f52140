import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct BasicAuthenticationTests {
    static let hash = "$5$f9c2a71d$THiWmct/N3rdH3jmtQXnvvjJmNzcxL8dHn8SzC1bPp/"

    func trial(_ ingress: [String: String], configMap: [String: String] = [:], secrets: [Secret]) throws -> AnnotationTrial {
        try AnnotationTrial(
            [BasicAuthentication.self, SSLPassthrough.self], configMap: configMap, ingress: ingress, secrets: secrets)
    }

    @Test func `A route asks for one of the users of its Secret`() throws {
        let trial = try trial(
            ["auth-type": "basic-auth", "auth-secret": "users", "auth-realm": "Members only"],
            secrets: [Secret("users", ["alice": Self.hash, "bob": Self.hash + "\n"])])
        #expect(trial.backend.contains("http-request auth realm 'Members only' unless { http_auth(shop_users) }"))
        let list = trial.section("userlist shop_users")
        #expect(list.filter { $0.hasPrefix("user ") }.count == 2)
        #expect(list.contains { $0.hasPrefix("user bob password ") && $0.contains(Self.hash) })
        #expect(trial.findings.isEmpty)
    }

    @Test func `Of too many users the first ones can come in, and the Secret's owner is told`() throws {
        let users = Dictionary(uniqueKeysWithValues: (0..<1003).map { (String("u\(10_000 + $0)"), Self.hash) })
        let trial = try trial(["auth-type": "basic-auth", "auth-secret": "users"], secrets: [Secret("users", users)])
        let list = trial.section("userlist shop_users").filter { $0.hasPrefix("user ") }
        #expect(list.count == 1000 && !list.contains { $0.hasPrefix("user u11000 ") })
        #expect(trial.backend.contains { $0.hasPrefix("http-request auth ") })
        #expect(trial.findings.count == 1)
        let finding = try #require(trial.findings.first)
        #expect(finding.object?.kind == .secret && finding.message.contains("--limits auth-users="))
        // The operator's own.
        let own = try self.trial(
            ["auth-type": "basic-auth"], configMap: ["auth-secret": "default/users"],
            secrets: [Secret("users", namespace: "default", users)])
        #expect(own.section("userlist default_users").filter { $0.hasPrefix("user ") }.count == 1003)
    }

    @Test func `The realm has a default and cannot leave its quotes`() throws {
        let secret = Secret("users", ["alice": Self.hash])
        let plain = try trial(["auth-type": "basic-auth", "auth-secret": "users"], secrets: [secret])
        #expect(plain.backend.contains("http-request auth realm 'Protected Content' unless { http_auth(shop_users) }"))
        let quoted = try trial(
            ["auth-type": "basic-auth", "auth-secret": "users", "auth-realm": #"a"b\c #%[src]"#], secrets: [secret])
        #expect(quoted.backend.contains(#"http-request auth realm 'a\"b\\c #%[src]' unless { http_auth(shop_users) }"#))
        let accented = try trial(
            ["auth-type": "basic-auth", "auth-secret": "users", "auth-realm": "a\"\u{301}b"], secrets: [secret])
        #expect(accented.backend.contains("http-request auth realm 'a\\\"\u{301}b' unless { http_auth(shop_users) }"))
    }

    @Test func `The operator's Secret serves every Ingress that turns authentication on`() throws {
        let secret = Secret("users", namespace: "default", ["alice": Self.hash])
        let on = try trial(["auth-type": "basic-auth"], configMap: ["auth-secret": "default/users"], secrets: [secret])
        #expect(on.backend.contains { $0.contains("http_auth(default_users)") })
        let off = try trial([:], configMap: ["auth-secret": "default/users"], secrets: [secret])
        #expect(!off.configuration.contains("http_auth"))
        #expect(off.findings.isEmpty)
    }

    @Test func `A Secret without auth-type is only warned about`() throws {
        let trial = try trial(["auth-secret": "users"], secrets: [Secret("users", ["alice": Self.hash])])
        #expect(!trial.isClosed)
        #expect(trial.findings.map(\.severity) == [.warning])
    }

    @Test(arguments: [
        ["auth-type": "basic-auth"],
        ["auth-type": "digest", "auth-secret": "users"],
        ["auth-type": "basic-auth", "auth-secret": "missing"],
        ["auth-type": "basic-auth", "auth-secret": "empty"],
        ["auth-type": "basic-auth", "auth-secret": "clear-text"],
        ["auth-type": "basic-auth", "auth-secret": "two-lines"],
        ["auth-type": "basic-auth", "auth-secret": "strange-user"],
        ["auth-type": "basic-auth", "auth-secret": "htpasswd"],
        ["auth-type": "basic-auth", "auth-secret": "no/secret/name"],
        ["auth-type": "basic-auth", "auth-secret": "other/users"],
        ["auth-type": "basic-auth", "auth-secret": "users", "auth-realm": "a\nb"],
        ["auth-type": "basic-auth", "auth-secret": "users", "ssl-passthrough": "true"],
    ]) func `A route is closed rather than open when authentication cannot be built`(_ ingress: [String: String]) throws {
        let trial = try trial(
            ingress,
            secrets: [
                Secret("users", ["alice": Self.hash]), Secret("users", namespace: "other", ["alice": Self.hash]),
                Secret("empty", [:]),
                Secret("clear-text", ["alice": "secret"]), Secret("two-lines", ["alice": Self.hash + "\nuser mallory"]),
                Secret("strange-user", ["alice\n user mallory": Self.hash]), Secret("htpasswd", ["auth": "alice:" + Self.hash]),
            ])
        #expect(trial.isClosed)
        #expect(trial.findings.contains { $0.severity == .error })
        #expect(!trial.configuration.contains("mallory"))
    }

    @Test func `No finding shows what a Secret holds`() throws {
        let trial = try trial(
            ["auth-type": "basic-auth", "auth-secret": "clear-text"], secrets: [Secret("clear-text", ["alice": "opensesame"])])
        #expect(!trial.findings.isEmpty)
        #expect(trial.findings.allSatisfy { !$0.description.contains("opensesame") })
    }

    /// bcrypt with a cost of 12, and SHA-256 with many rounds.
    static let costlyHashes = [
        "$2b$12$abcdefghijklmnopqrstuuPZMSJg2LUPgP73PQ9tCr.AZ2Qkj/kWa",
        "$5$rounds=100000$saltsalt$JHkvehlP/.NJu30HDXCRu6TLyiiArvvT2.QRVUMINNB",
    ]

    @Test(arguments: costlyHashes) func `A user whose hash costs everybody's time cannot come in, and the others can`(
        _ hash: String
    ) throws {
        let annotations = ["auth-type": "basic-auth", "auth-secret": "users"]
        let some = try trial(annotations, secrets: [Secret("users", ["alice": Self.hash, "mallory": hash])])
        #expect(!some.isClosed)
        let users = some.section("userlist shop_users").filter { $0.hasPrefix("user ") }
        #expect(users.map { $0.hasPrefix("user alice ") } == [true])
        let finding = try #require(some.findings.first)
        #expect(some.findings.count == 1 && finding.severity == .error)
        #expect(finding.object == ObjectKey(.secret, namespace: "shop", name: "users") && finding.key == "data.mallory")
        #expect(finding.description.contains("--limits password-hash-ms=NUMBER") && !finding.description.contains(hash))

        let none = try trial(annotations, secrets: [Secret("users", ["mallory": hash])])
        #expect(none.isClosed && none.findings.contains { $0.key == "data.mallory" })
        // The operator's own.
        let operators = try trial(
            ["auth-type": "basic-auth"], configMap: ["auth-secret": "default/users"],
            secrets: [Secret("users", namespace: "default", ["alice": Self.hash, "root": Self.costlyHashes[0]])])
        #expect(operators.section("userlist default_users").contains { $0.hasPrefix("user root ") })
    }
}
