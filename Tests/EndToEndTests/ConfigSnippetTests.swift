import Foundation
import Testing

@Suite("Configuration snippets")
struct ConfigSnippetTests {
    private static let url = "http://shop.example.com/"

    private static func header(_ value: String) -> [String: String] {
        [
            "backend-config-snippet":
                "http-response set-header X-Snippet \(value)\n# a remark\nhttp-response set-header X-Second yes"
        ]
    }

    @Test("backend snippets act at the scope of ConfigMap, Ingress or Service, the nearest alone")
    func backendScopes() async throws {
        let manifests =
            Manifests.service() + Manifests.service("own", annotations: Self.header("service"))
            + Manifests.ingress("plain", host: "plain.example.com")
            + Manifests.ingress(annotations: Self.header("ingress"))
            + Manifests.ingress("own", host: "own.example.com", service: "own", annotations: Self.header("ingress"))
        let files = ["all.yaml": manifests, "map.yaml": Manifests.configMap(Self.header("everyone"))]
        try await TestController.with(files) { controller async throws in
            let expected = ["plain.example.com": "everyone", "shop.example.com": "ingress", "own.example.com": "service"]
            for (host, value) in expected {
                let response = try await controller.request("http://\(host)/")
                #expect(response.headers["x-snippet"] == [value], "\(host)")
                #expect(response.header("x-second") == "yes")
            }
        }
    }

    @Test("a global snippet is in force, and one that HAProxy refuses is out until it is mended, without harm to others")
    func globalSnippet() async throws {
        let files = [
            "all.yaml": Manifests.service() + Manifests.ingress(),
            "map.yaml": Manifests.configMap(["global-config-snippet": "node first-node", "timeout-server": "300ms"]),
        ]
        try await TestController.with(files) { controller async throws in
            #expect(try await controller.runtimeAPI("show info").contains("node: first-node\n"))
            try await controller.write(
                "map.yaml",
                Manifests.configMap(["global-config-snippet": "node second-node\nno-such-word", "timeout-server": "2s"]))
            // The ConfigMap's other keys are in force.
            try await controller.eventually(Self.url + "?delay=600") { $0.status == 200 }
            #expect(try await controller.runtimeAPI("show info").contains("second-node") == false)
            #expect(controller.log.contains("ConfigMap default/haproxy-configmap: global-config-snippet"))
            try await controller.write("map.yaml", Manifests.configMap(["global-config-snippet": "node third-node"]))
            try await controller.wait("the mended snippet is in force") {
                try await controller.runtimeAPI("show info").contains("node: third-node\n")
            }
        }
    }

    @Test("a frontend snippet's rules for connections see all of them, and leave routing alone")
    func connectionRules() async throws {
        let snippet = """
            tcp-request content reject if { req.hdr(x-bad) -m found }
            tcp-request content accept
            """
        let files = [
            "all.yaml": Manifests.service() + Manifests.ingress(),
            "map.yaml": Manifests.configMap(["frontend-config-snippet": snippet]),
        ]
        try await TestController.with(files) { controller async throws in
            #expect(try await controller.request(Self.url).status == 200)
            #expect(try await controller.request(Self.url, headers: ["X-Bad": "yes"]).curlStatus == 52)
            #expect(try await controller.request("http://other.example.com/").status == 404)
        }
    }

    @Test("the limit of connections in a frontend snippet changes without a reload, and is mended where others change it")
    func frontendLimit() async throws {
        func files(_ limit: Int) -> [String: String] {
            [
                "all.yaml": Manifests.service() + Manifests.ingress(),
                "map.yaml": Manifests.configMap(["frontend-config-snippet": "maxconn \(limit)"]),
            ]
        }
        let arguments = ["--drift-check-period", "300ms"]
        try await TestController.with(files(50), arguments: arguments) { controller async throws in
            func limits() async throws -> [String] {
                let lines = try await controller.runtimeAPI("show stat -1 1 -1").split(separator: "\n")
                // The field slim.
                return lines.filter { $0.hasPrefix("http") }.map {
                    String($0.split(separator: ",", omittingEmptySubsequences: false)[6])
                }
            }
            try await controller.wait("HAProxy has the limit") { try await limits() == ["50", "50"] }
            let reloads = try await controller.reloads()
            try await controller.write("map.yaml", files(70)["map.yaml"] ?? "")
            try await controller.wait("HAProxy has the new limit") { try await limits() == ["70", "70"] }
            _ = try await controller.runtimeAPI("set maxconn frontend http 3")
            try await controller.wait("the change of others is mended") {
                try await limits() == ["70", "70"] && controller.log.contains("maxconn of http differs")
            }
            #expect(try await controller.reloads() == reloads)
        }
    }

    /// Lines that HAProxy refuses at once, and such as it refuses only when it has read everything.
    static let refused = [
        "no-such-keyword at all", "http-response set-header X-Only-A-Name", "http-request set-header X-Y %[no_such_fetch()]",
        "use-server nobody if TRUE", "http-request track-sc0 src table no-such-table", "stick on src table no-such-table",
        "http-request set-header X-Y %[src,map(/no/such/file)]", "option external-check", "errorfiles nobody",
        "stick-table type ip size 1m peers nobody", "server same 127.0.0.1:99999",
        "filter no-such-filter", "acl is_x path_beg -f /no/such/file", "mode nonsense", "default-server ca-file /no/such/file",
        "http-request use-service lua.nobody",
    ]

    @Test(
        "a snippet that HAProxy refuses is named and out as a whole; its own route and everybody else's changes go on",
        arguments: refused)
    func refusedSnippet(line: String) async throws {
        func bad(_ line: String) -> String {
            Manifests.ingress(
                "bad", namespace: "careless", host: "bad.example.com",
                annotations: ["backend-config-snippet": "http-response set-header X-Before yes\n\(line)"])
        }
        let files = [
            "good.yaml": Manifests.service() + Manifests.ingress(),
            "bad.yaml": Manifests.service(namespace: "careless") + bad(line),
        ]
        try await TestController.with(files) { controller async throws in
            // From the start.
            #expect(try await controller.request(Self.url).pod == "pod-1")
            let own = try await controller.request("http://bad.example.com/")
            #expect(own.pod == "pod-1")
            #expect(own.header("x-before") == nil)
            #expect(controller.log.contains("Ingress careless/bad: haproxy.org/backend-config-snippet"))
            // Changes that need a reload, by another tenant.
            try await controller.write(
                "good.yaml", Manifests.service() + Manifests.ingress(annotations: Self.header("good")))
            try await controller.eventually(Self.url) { $0.header("x-snippet") == "good" }
            // Mended, then broken again at run time.
            try await controller.write(
                "bad.yaml", Manifests.service(namespace: "careless") + bad("http-response set-header X-After yes"))
            try await controller.eventually("http://bad.example.com/") { $0.header("x-after") == "yes" }
            try await controller.write("bad.yaml", Manifests.service(namespace: "careless") + bad(line))
            try await controller.write(
                "more.yaml", Manifests.ingress("more", host: "more.example.com", annotations: Self.header("more")))
            try await controller.eventually("http://more.example.com/") { $0.header("x-snippet") == "more" }
            try await controller.eventually("http://bad.example.com/") { $0.pod == "pod-1" && $0.header("x-after") == nil }
            #expect(try await controller.metric("haproxy_ingress_rejected_objects") == 1)
        }
    }

    @Test("refused snippets of the ConfigMap, a Service and two Ingresses with the same words are all named, and no other is out")
    func refusedScopes() async throws {
        let bad = ["backend-config-snippet": "stick on src table no-such-table"]
        let manifests =
            Manifests.service(annotations: bad) + Manifests.service("shared") + Manifests.service("good") + Manifests.ingress()
            + Manifests.ingress("first", host: "first.example.com", service: "shared", annotations: bad)
            + Manifests.ingress("second", host: "second.example.com", service: "shared", annotations: bad)
            + Manifests.ingress("good", host: "good.example.com", service: "good", annotations: Self.header("good"))
        let files = [
            "all.yaml": manifests,
            "map.yaml": Manifests.configMap([
                "backend-config-snippet": "use-server nobody if TRUE", "frontend-config-snippet": "no-such-keyword",
            ]),
        ]
        try await TestController.with(files) { controller async throws in
            for host in ["shop", "first", "second", "good"] {
                let response = try await controller.request("http://\(host).example.com/")
                #expect(response.pod == "pod-1", "\(host)")
                #expect(response.header("x-snippet") == (host == "good" ? "good" : nil), "\(host)")
            }
            for place in [
                "ConfigMap default/haproxy-configmap: backend-config-snippet",
                "ConfigMap default/haproxy-configmap: frontend-config-snippet", "Service shop/web: haproxy.org/backend-config",
                "Ingress shop/first: haproxy.org/backend-config", "Ingress shop/second: haproxy.org/backend-config",
            ] {
                #expect(controller.log.contains(place), "\(place)")
            }
            #expect(!controller.log.contains("Ingress shop/good"))
            #expect(try await controller.metric("haproxy_ingress_rejected_objects") == 4)
        }
    }

    private static let variables = ["txn.base", "txn.host", "txn.path", "txn.pathqs", "txn.host_match", "txn.path_match"]

    /// Response headers such as `X-txn-base`, with a bar at the end of the value, so that an empty one is seen.
    private static func telling(_ variables: [String]) -> String {
        variables.map { "http-response set-header X-\($0.replacingOccurrences(of: ".", with: "-")) %[var(\($0))]|" }
            .joined(separator: "\n")
    }

    private static func told(_ response: Response) -> [String] {
        variables.map { response.header("X-" + $0.replacingOccurrences(of: ".", with: "-")) ?? "nothing" }
    }

    @Test(
        "the variables of the Go controller are there where a snippet names them, in a backend and in the frontends",
        arguments: ["backend-config-snippet", "frontend-config-snippet"])
    func variables(key: String) async throws {
        let isBackend = key.hasPrefix("backend")
        let snippet = [key: Self.telling(Self.variables)]
        func service(_ name: String) -> String { Manifests.service(name, annotations: isBackend ? snippet : [:]) }
        let manifests =
            service("web") + Manifests.ingress()
            + service("wild") + Manifests.ingress("wild", host: "*.wild.example.com", service: "wild")
            + service("cart")
            + Manifests.ingress(
                "cart", host: "cart.example.com", path: "/cart", service: "cart", annotations: ["path-rewrite": "/new"])
            + service("all") + Manifests.ingress("all", host: nil, path: "/any", service: "all")
            + (isBackend ? "" : Manifests.configMap(snippet))
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let expected: [(url: String, values: [String])] = [
                ("shop.example.com/way?x=1", ["shop.example.com", "/way", "shop.example.com", "shop_svc_web_http"]),
                ("one.wild.example.com/way?x=1", ["one.wild.example.com", "/way", ".wild.example.com", "shop_svc_wild_http"]),
                ("cart.example.com/cart/2?x=1", ["cart.example.com", "/cart/2", "cart.example.com", "shop_svc_cart_http"]),
                ("other.example.org/any/2?x=1", ["other.example.org", "/any/2", "", "shop_svc_all_http"]),
            ]
            for (url, values) in expected {
                let (host, path) = (values[0], values[1])
                let wanted = ["\(host)\(path)|", "\(host)|", "\(path)|", "\(path)?x=1|", "\(values[2])|", "\(values[3])|"]
                for scheme in ["http", "https"] {
                    let response = try await controller.request("\(scheme)://\(url)")
                    // A backend with settings of its own has a hash at the end of its name.
                    let told = Self.told(response)
                    #expect(told.dropLast() == wanted.dropLast(), "\(scheme)://\(url)")
                    #expect(told.last?.hasPrefix(String(wanted[5].dropLast())) == true, "\(told)")
                }
            }
            #expect(try await controller.request("http://cart.example.com/cart/2").seen?.path == "/new")
        }
    }

    @Test(
        "txn.cors_origin is the request's Origin in a snippet, and the headers of CORS go by what the route allows",
        arguments: ["backend-config-snippet", "frontend-config-snippet"])
    func corsOrigin(key: String) async throws {
        let snippet = [key: "http-after-response set-header X-Origin %[var(txn.cors_origin)]|"]
        let isBackend = key.hasPrefix("backend")
        let cors = ["cors-enable": "true", "cors-allow-origin": "https://a.example.com", "cors-respond-to-options": "true"]
        let manifests =
            Manifests.service(annotations: isBackend ? snippet : [:]) + Manifests.ingress(annotations: cors)
            + Manifests.ingress("plain", host: "plain.example.com")
            + (isBackend ? "" : Manifests.configMap(snippet))
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            for origin in ["https://a.example.com", "https://b.example.com", nil] {
                for host in ["shop.example.com", "plain.example.com"] {
                    let headers = origin.map { ["Origin": $0] } ?? [:]
                    let response = try await controller.request("http://\(host)/", headers: headers)
                    #expect(response.header("x-origin") == "\(origin ?? "")|", "\(host) \(origin ?? "none")")
                    let isAllowed = host.hasPrefix("shop") && origin == "https://a.example.com"
                    #expect(response.header("access-control-allow-origin") == (isAllowed ? origin : nil), "\(host)")
                }
            }
        }
    }

    @Test("tcp-request rules of a backend snippet see the variables, and one that nobody names costs no rule")
    func variablesOfConnections() async throws {
        let snippet = "tcp-request content reject if { var(txn.path) -m beg /closed }"
        let manifests =
            Manifests.service(annotations: ["backend-config-snippet": snippet]) + Manifests.ingress()
            + Manifests.service("plain") + Manifests.ingress("plain", host: "plain.example.com", service: "plain")
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            #expect(try await controller.request("http://shop.example.com/open").status == 200)
            #expect(try await controller.request("http://shop.example.com/closed").pod == nil)
            #expect(try await controller.request("http://plain.example.com/closed").status == 200)
            for frontend in ["http", "https"] {
                let section = controller.configuration.components(separatedBy: "\nfrontend \(frontend)\n").last?
                    .components(separatedBy: "\n\n").first
                // A routing rule, which most requests do not reach.
                #expect(section?.components(separatedBy: "set-var(txn.path) path").count == 2)
            }
            #expect(!controller.configuration.contains("txn.base"))
        }
    }
}
