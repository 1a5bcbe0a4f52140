import Core
import Foundation
import Testing

@Suite("Path normalization")
struct PathNormalizationTests {
    /// Spellings of /admin by what makes one of it.
    private static let safe = [
        "/admin", "/./admin", "/x/../admin", "/%61dmin", "/%61%64%6D%69%6e", "/x/%2e%2E/admin", "/%2e/admin", "/../admin",
        "/a/b/../../admin", "/admin/.", "/admin/x/..", "/x/../../../admin", "/./%2E/../admin",
    ]
    private static let full = [
        "//admin", "/admin;x", "/admin;x=1;y=2", "/x/..;/admin", "///x//..///admin", "/;/admin", "/.;a/admin", "/x;y/../admin",
        "/%2e;/admin", "//x/%2e%2e;z//./admin;q",
    ]
    private static let refused = ["/x%2f..%2fadmin", "/%2Fadmin", "/x/..%5cadmin", "/admin%00", "/x\\admin"]
    private static let others = ["/", "/administration", "/x/admin", "/admin%3Bx", "/a%20b", "/ADMIN"]

    /// A host whose /admin is for nobody, and whose rest is open.
    private static func manifests(_ mode: String?, allowed: Bool = true, configMap: String? = nil) -> String {
        let annotations = mode.map { ["path-normalization": $0] } ?? [:]
        var data = allowed ? ["global-config-snippet": "expose-experimental-directives"] : [:]
        data["path-normalization"] = configMap
        return Manifests.service() + Manifests.configMap(data)
            + Manifests.ingress("open", annotations: annotations)
            + Manifests.ingress("closed", path: "/admin", annotations: ["deny-list": "127.0.0.0/8"])
            + Manifests.ingress("other", host: "other.example.com")
            + Manifests.ingress(
                "other-closed", host: "other.example.com", path: "/admin", annotations: ["deny-list": "127.0.0.0/8"])
    }

    private static func statuses(
        _ paths: [String], of controller: TestController, host: String = "shop.example.com"
    ) async throws -> [String: Int] {
        let texts = paths.map { "GET \($0) HTTP/1.1\r\nHost: \(host)\r\n\r\n" }
        let answers = try await controller.answers(to: texts)
        return Dictionary(uniqueKeysWithValues: zip(paths, answers.map(\.status)))
    }

    private static func expect(
        _ paths: [String], _ status: Int, of controller: TestController, host: String = "shop.example.com",
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await statuses(paths, of: controller, host: host)
        #expect(found.filter { $0.value != status } == [:], sourceLocation: sourceLocation)
    }

    @Test("with full, no spelling of a protected path takes the open rule, and pods get the one spelling")
    func full() async throws {
        try await TestController.with(["all.yaml": Self.manifests("full")]) { controller async throws in
            try await Self.expect(Self.safe + Self.full, 403, of: controller)
            try await Self.expect(Self.refused + ["/%zz", "/%"], 400, of: controller)
            try await Self.expect(Self.others, 200, of: controller)
            for (path, seen) in [
                ("/a//b/./c/../d?x=//./..", "/a/b/d?x=//./.."), ("/%7Ejoe/%e4;v=1", "/~joe/%E4"), ("/", "/"), ("/a/", "/a/"),
            ] {
                #expect(try await controller.request("http://shop.example.com\(path)").seen?.path == seen)
            }
            // Hosts that did not ask are as they were.
            try await Self.expect(Self.full, 200, of: controller, host: "other.example.com")
            let untouched = try await controller.request("http://other.example.com//a/./b;x")
            #expect(untouched.seen?.path == "//a/./b;x")
            for target in ["OPTIONS *", "GET http://shop.example.com", "GET http://shop.example.com//x/../admin"] {
                let text = "\(target) HTTP/1.1\r\nHost: shop.example.com\r\n\r\n"
                let status = try await controller.answers(to: [text])[0].status
                #expect(status == (target.hasSuffix("admin") ? 403 : 200), "\(target)")
            }
        }
    }

    @Test("HTTP/2 is no way around it")
    func http2() async throws {
        try await TestController.with(["all.yaml": Self.manifests("full")]) { controller async throws in
            for path in Self.safe + Self.full where !path.contains("\\") {
                let result = try await run(
                    TestController.curl,
                    [
                        "--silent", "--insecure", "--include", "--http2", "--path-as-is", "--noproxy", "*", "--resolve",
                        "shop.example.com:\(controller.https):127.0.0.1", "--header", "Host: shop.example.com",
                        "https://shop.example.com:\(controller.https)\(path)",
                    ])
                #expect(result.output.hasPrefix("HTTP/2 403"), "\(path): \(result.output.prefix(100))")
            }
        }
    }

    @Test("with safe, equivalent spellings are one and others stay apart; off and nothing leave all as it is, live")
    func modes() async throws {
        try await TestController.with(["all.yaml": Self.manifests("safe")]) { controller async throws in
            try await Self.expect(Self.safe, 403, of: controller)
            try await Self.expect(["//admin", "/admin;x", "/x%2Fadmin"] + Self.others, 200, of: controller)
            #expect(try await controller.request("http://shop.example.com//a/./%62").seen?.path == "//a/b")
            try await controller.write("all.yaml", Self.manifests("full"))
            try await controller.wait("full is in force") {
                try await Self.statuses(Self.full, of: controller).values.allSatisfy { $0 == 403 }
            }
            #expect(try await controller.reloads() == 0)
            for mode in ["off", nil] {
                try await controller.write("all.yaml", Self.manifests(mode))
                try await controller.wait("nothing is normalized") {
                    try await Self.statuses(["/./admin", "//admin"], of: controller).values.allSatisfy { $0 == 200 }
                }
                try await Self.expect(["/admin"], 403, of: controller)
            }
            try await controller.write("all.yaml", Self.manifests(nil, configMap: "full"))
            for host in ["shop.example.com", "other.example.com"] {
                try await controller.wait("all hosts are normalized") {
                    try await Self.statuses(Self.safe + Self.full, of: controller, host: host).values.allSatisfy { $0 == 403 }
                }
            }
        }
    }

    @Test(
        "where the operator does not allow experimental directives, a route that asks is closed and told, and others are served")
    func notAllowed() async throws {
        try await TestController.with(["all.yaml": Self.manifests("full", allowed: false)]) { controller async throws in
            try await Self.expect(["/", "//admin", "/x"], 503, of: controller)
            try await Self.expect(["/"], 200, of: controller, host: "other.example.com")
            #expect(controller.log.contains("needs directives that HAProxy calls experimental"))
            try await controller.write("all.yaml", Self.manifests("full"))
            try await controller.eventually("http://shop.example.com/") { $0.status == 200 }
            try await Self.expect(Self.safe + Self.full, 403, of: controller)
        }
    }

    @Test("the paths that explain goes by are those that pods get", arguments: PathNormalizationMode.allCases)
    func model(mode: PathNormalizationMode) async throws {
        var paths =
            Self.safe + Self.full + Self.refused + Self.others + ["/%zz", "/%", "/a//", "/..", "/.", "/a/..", "/;x", "/a;b/"]
        var generator = SystemRandomNumberGenerator()
        let parts = ["/", "/", ".", "..", "a", "%41", "%2e", "%2F", "%3b", ";", ";q", "%e4", "~", "//"]
        for _ in 0..<300 {
            let text = (0..<Int.random(in: 1...8, using: &generator)).map { _ in parts.randomElement(using: &generator) ?? "" }
            paths.append("/" + text.joined())
        }
        paths = Set(paths).sorted()
        let manifests =
            Manifests.service() + Manifests.configMap(["global-config-snippet": "expose-experimental-directives"])
            + Manifests.ingress(annotations: ["path-normalization": mode.rawValue])
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let answers = try await controller.answers(
                to: paths.map { "GET \($0) HTTP/1.1\r\nHost: shop.example.com\r\n\r\n" })
            for (path, answer) in zip(paths, answers) {
                #expect(answer.seen?.path == mode.normalized(path), "\(path): \(answer.status)")
            }
        }
    }

    @Test("another namespace decides nothing about a host's paths")
    func foreign() async throws {
        let foreign =
            Manifests.service("web", namespace: "thief", pods: [1])
            + Manifests.ingress(
                "thief", namespace: "thief", path: "/thief", annotations: ["path-normalization": "full"],
                created: "2026-02-01T00:00:00Z")
        let own =
            Manifests.configMap(["global-config-snippet": "expose-experimental-directives"]) + Manifests.service()
            + Manifests.ingress("open", created: "2026-01-01T00:00:00Z")
        try await TestController.with(["all.yaml": own + foreign]) { controller async throws in
            #expect(try await controller.request("http://shop.example.com//a/./b").seen?.path == "//a/./b")
            #expect(controller.log.contains("about whose paths the older"))
        }
    }
}
