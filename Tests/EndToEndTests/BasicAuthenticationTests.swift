import Testing

@Suite("Basic authentication")
struct BasicAuthenticationTests {
    /// crypt(3) hashes of "secret" and "other".
    static let hash = "$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/1GM/O6IND4WQhG."
    static let otherHash = "$5$abcdefgh$o1CPV/uE5/jFb0osq1X33mgj5o/gMq.KE0liwLIpT1."

    private static let url = "http://shop.example.com/"
    private static let annotations = ["auth-type": "basic-auth", "auth-secret": "users", "auth-realm": #"Members "only", 100%"#]

    private func files(_ users: String) -> [String: String] {
        [
            "web.yaml": Manifests.service() + Manifests.ingress(annotations: Self.annotations)
                + Manifests.ingress("open", host: "open.example.com"),
            "users.yaml": users,
        ]
    }

    /// The status of an answer to a user.
    private func status(_ user: String, _ controller: TestController) async throws -> Int {
        try await controller.request(Self.url, options: ["--user", user]).status
    }

    @Test("requests need the name and password of a listed user, and others get a challenge with the realm")
    func passwords() async throws {
        let users = Manifests.secret("users", ["alice": Self.hash, "bob": Self.otherHash + "\n"])
        try await TestController.with(files(users)) { controller async throws in
            let challenged = try await controller.request(Self.url)
            #expect(challenged.status == 401)
            #expect(challenged.header("www-authenticate") == #"Basic realm="Members \"only\", 100%""#)
            #expect(challenged.pod == nil)
            #expect(try await status("alice:secret", controller) == 200)
            #expect(try await status("bob:other", controller) == 200)
            for wrong in ["alice:other", "bob:secret", "alice:", "carol:secret", "alice:\(Self.hash)"] {
                #expect(try await status(wrong, controller) == 401, "\(wrong)")
            }
            #expect(try await controller.request("http://open.example.com/").status == 200)
            // Users come and go.
            try await controller.write("users.yaml", Manifests.secret("users", ["alice": Self.otherHash]))
            try await controller.wait("the new password is in force") { try await status("alice:other", controller) == 200 }
            #expect(try await status("alice:secret", controller) == 401)
            #expect(try await status("bob:other", controller) == 401)
        }
    }

    @Test(
        "without usable users the route is closed with 503, others are not, and it opens when that is mended",
        arguments: [nil, [:], ["alice": "secret"], ["alice": Self.hash, "bob": ""]] as [[String: String]?])
    func unusableUsers(_ users: [String: String]?) async throws {
        try await TestController.with(files(users.map { Manifests.secret("users", $0) } ?? "")) { controller async throws in
            #expect(try await controller.request(Self.url).status == 503)
            #expect(try await status("alice:secret", controller) == 503)
            #expect(try await controller.request("http://open.example.com/").pod == "pod-1")
            #expect(controller.log.contains("Ingress shop/web: haproxy.org/auth-secret"))
            #expect(!controller.log.contains(Self.hash))
            try await controller.write("users.yaml", Manifests.secret("users", ["alice": Self.hash]))
            try await controller.wait("the route opens") { try await status("alice:secret", controller) == 200 }
            #expect(try await controller.request(Self.url).status == 401)
            try await controller.write("users.yaml", users.map { Manifests.secret("users", $0) } ?? "")
            try await controller.eventually(Self.url) { $0.status == 503 }
        }
    }

    @Test("a bad auth-type closes the route; the ConfigMap protects all routes, with a Secret of its own namespace")
    func scopes() async throws {
        let files = [
            "web.yaml": Manifests.service() + Manifests.ingress()
                + Manifests.ingress("bad", host: "bad.example.com", annotations: ["auth-type": "digest", "auth-secret": "users"]),
            "users.yaml": Manifests.secret("users", namespace: "default", ["alice": Self.hash]),
        ]
        try await TestController.with(files) { controller async throws in
            #expect(try await controller.request(Self.url).status == 200)
            #expect(try await controller.request("http://bad.example.com/").status == 503)
            try await controller.write("map.yaml", Manifests.configMap(["auth-type": "basic-auth", "auth-secret": "users"]))
            let challenged = try await controller.eventually(Self.url) { $0.status == 401 }
            #expect(challenged.header("www-authenticate") == #"Basic realm="Protected Content""#)
            #expect(try await status("alice:secret", controller) == 200)
            #expect(try await controller.request("http://bad.example.com/").status == 503)
        }
    }

    @Test("a user whose hash costs everybody's time cannot come in, the others can, and the Secret's owner is told")
    func costlyHash() async throws {
        // Of "demo".
        let hash = "$2b$12$abcdefghijklmnopqrstuuPZMSJg2LUPgP73PQ9tCr.AZ2Qkj/kWa"
        let users = Manifests.secret("users", ["alice": Self.hash, "mallory": hash])
        try await TestController.with(files(users)) { controller async throws in
            #expect(try await status("alice:secret", controller) == 200)
            #expect(try await status("mallory:demo", controller) == 401)
            #expect(controller.log.contains("Secret shop/users: data.mallory: holds a hash that takes HAProxy up to"))
            #expect(!controller.configuration.contains("$2b$12$"))
        }
    }
}
