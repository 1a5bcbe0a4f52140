import Foundation
import Testing

@Suite("Log lines")
struct LogTests {
    /// Runs `body` with a syslog server.
    private func withSyslog(_ body: (SyslogServer) async throws -> Void) async throws {
        let syslog = try SyslogServer()
        defer { syslog.stop() }
        try await body(syslog)
    }

    private func info(_ syslog: SyslogServer) -> String {
        "address:127.0.0.1, port:\(syslog.port), level:info, length:2048"
    }

    @Test("a request's line has the client's address, host, path, pod, status, and what its own route captures")
    func requests() async throws {
        try await withSyslog { syslog in
            let manifests =
                Manifests.service()
                + Manifests.ingress(annotations: [
                    "request-capture": "req.hdr(X-Tag)\nreq.hdr(X-Long),upper", "request-capture-len": "5",
                    "src-ip-header": "X-Real-IP",
                ])
                + Manifests.ingress("other", host: "other.example.com")
                + Manifests.configMap(["syslog-server": info(syslog)])
            try await TestController.with(["all.yaml": manifests]) { controller async throws in
                let headers = ["X-Tag": "blue", "X-Long": "longer", "X-Real-IP": "192.0.2.7"]
                for host in ["SHOP.example.com", "other.example.com"] {
                    #expect(try await controller.request("http://\(host)/way?x=1", headers: headers).status == 200)
                }
                try await controller.wait("both lines came") { syslog.messages(with: "/way").count == 2 }
                let shop = try #require(syslog.messages(with: "shop.example.com/way").first)
                // local0 is 16, info is 6.
                #expect(shop.hasPrefix("<134>"))
                #expect(shop.contains(" 192.0.2.7:"))
                #expect(shop.contains(" http shop_svc_web_http/\(controller.network)1:8080 "))
                #expect(shop.contains(" 200 "))
                #expect(shop.contains(" {blue|LONGE} "))
                #expect(shop.contains(#""GET shop.example.com/way?x=1 HTTP/1.1""#))
                let other = try #require(syslog.messages(with: "other.example.com/way").first)
                #expect(other.contains(" 127.0.0.1:"))
                #expect(other.contains(" {|} "))
            }
        }
    }

    @Test("a target that names no level gets the lines of requests, from the start and when the level goes")
    func everyLevel() async throws {
        try await withSyslog { syslog in
            func manifests(_ level: String) -> String {
                Manifests.service() + Manifests.ingress()
                    + Manifests.configMap(["syslog-server": "address:127.0.0.1, port:\(syslog.port), facility:daemon\(level)"])
            }
            try await TestController.with(["all.yaml": manifests("")]) { controller async throws in
                #expect(try await controller.request("http://shop.example.com/first").status == 200)
                try await controller.wait("the line came") { !syslog.messages(with: "/first").isEmpty }
                // daemon is 3, info is 6.
                #expect(syslog.messages(with: "/first").first?.hasPrefix("<30>") == true)
                try await controller.write("all.yaml", manifests(", level:notice"))
                try await controller.wait("HAProxy was reloaded") { try await controller.reloads == 1 }
                #expect(try await controller.request("http://shop.example.com/second").status == 200)
                try await controller.write("all.yaml", manifests(""))
                try await controller.wait("HAProxy was reloaded again") { try await controller.reloads == 2 }
                #expect(try await controller.request("http://shop.example.com/third").status == 200)
                try await controller.wait("the line came") { !syslog.messages(with: "/third").isEmpty }
                #expect(syslog.messages(with: "/second").isEmpty)
            }
        }
    }

    @Test("where no target takes the lines of requests, one whose level a snippet raises is logged all the same")
    func raisedLevel() async throws {
        try await withSyslog { syslog in
            let manifests =
                Manifests.service() + Manifests.service("own") + Manifests.ingress()
                + Manifests.ingress(
                    "own", host: "own.example.com", service: "own",
                    annotations: ["backend-config-snippet": "http-request set-log-level notice"])
                + Manifests.configMap([
                    "syslog-server": "address:127.0.0.1, port:\(syslog.port), level:notice",
                    "log-format": "%HM %[var(txn.host)]%HPO base=%[var(txn.base)] match=%[var(txn.path_match)] %ST",
                ])
            try await TestController.with(["all.yaml": manifests]) { controller async throws in
                for host in ["shop.example.com", "own.example.com"] {
                    #expect(try await controller.request("http://\(host)/way").status == 200)
                }
                try await controller.wait("the raised line came") { !syslog.messages(with: "own.example.com/way").isEmpty }
                #expect(syslog.messages(with: "shop.example.com/way").isEmpty)
                // The variables of the format hold what they hold where all requests are logged.
                let line = try #require(syslog.messages(with: "own.example.com/way").first)
                #expect(line.contains(" base=own.example.com/way match=shop_svc_own_http"), "\(line)")
            }
        }
    }

    @Test("a captured sample that HAProxy cannot convert is told to all who wrote it, and others' changes go through")
    func refusedSamples() async throws {
        func ingress(_ name: String, _ sample: String) -> String {
            Manifests.ingress(name, host: "\(name).example.com", annotations: ["request-capture": sample])
        }
        let bad = ingress("one", "ssl_fc,ipmask(24)") + ingress("two", "ssl_fc,ipmask(24)")
        try await TestController.with(["bad.yaml": bad, "web.yaml": Manifests.service()]) { controller async throws in
            for name in ["one", "two"] {
                #expect(try await controller.request("http://\(name).example.com/").status == 200)
                let told = controller.log.split(separator: "\n").contains {
                    $0.contains("shop/\(name)") && $0.contains("is refused by HAProxy")
                }
                #expect(told)
            }
            try await controller.write("good.yaml", ingress("three", "req.hdr(a),upper"))
            try await controller.eventually("http://three.example.com/") { $0.status == 200 }
            #expect(
                controller.configuration.contains("capture req.hdr(a),upper")
                    && !controller.configuration.contains("ssl_fc,ipmask"))
        }
    }

    @Test("every target gets the levels, facility and format that it asked for, and log-format shapes the line")
    func targets() async throws {
        try await withSyslog { all in
            try await withSyslog { severe in
                let targets = """
                    address:127.0.0.1, port:\(all.port), facility:local1, format:rfc5424, level:info
                    address:127.0.0.1, port:\(severe.port), level:alert
                    """
                func configMap(_ format: String) -> String {
                    Manifests.configMap(["syslog-server": targets, "log-format": format])
                }
                let files = [
                    "config.yaml": configMap("mine %HM %[var(txn.host)]%HPO 'q' %ST"),
                    "web.yaml": Manifests.service(pods: [1], annotations: ["check-interval": "100ms"]) + Manifests.ingress(),
                ]
                try await TestController.with(files) { controller async throws in
                    _ = try await controller.request("http://shop.example.com/one?x=1")
                    try await controller.wait("the line came") { !all.messages(with: "/one").isEmpty }
                    // local1 is 17, info is 6; 1 is the version of RFC 5424.
                    let line = try #require(all.messages(with: "/one").first)
                    #expect(line.hasPrefix("<142>1 "))
                    #expect(line.contains(" mine GET shop.example.com/one 'q' 200"))

                    // The second pod does not answer, and a backend without servers is an alert.
                    try await controller.write(
                        "web.yaml",
                        Manifests.service(pods: [2], annotations: ["check-interval": "100ms"]) + Manifests.ingress())
                    try await controller.wait("the alert came") { !severe.messages(with: "no server available").isEmpty }
                    #expect(severe.messages(with: "/one").isEmpty)

                    // What HAProxy does not understand is left out.
                    try await controller.write("config.yaml", configMap("%[nonsense]"))
                    try await controller.wait("the format is refused") { controller.log.contains("is refused by HAProxy") }
                    try await controller.wait("the controller's own format is in force") {
                        _ = try await controller.request("http://shop.example.com/two")
                        return !all.messages(with: #""GET shop.example.com/two HTTP/1.1""#).isEmpty
                    }
                }
            }
        }
    }

    @Test("connections without data are logged when asked for, and requests before they end")
    func options() async throws {
        try await withSyslog { syslog in
            func configMap(_ keys: [String: String]) -> String {
                Manifests.configMap(keys.merging(["syslog-server": info(syslog)]) { $1 })
            }
            let web = Manifests.service() + Manifests.ingress()
            try await TestController.with(["config.yaml": configMap([:]), "web.yaml": web]) { controller async throws in
                _ = try await controller.exchange("", within: 1)
                _ = try await controller.request("http://shop.example.com/one")
                try await controller.wait("the line came") { !syslog.messages(with: "/one").isEmpty }
                #expect(syslog.messages(with: "/one").first?.contains(#/ 200 \d+ /#) == true)
                #expect(syslog.messages(with: "127.0.0.1:").count == 1)

                try await controller.write("config.yaml", configMap(["dontlognull": "false", "logasap": "true"]))
                try await controller.wait("HAProxy was reloaded") { try await controller.reloads == 1 }
                _ = try await controller.exchange("", within: 1)
                try await controller.wait("the empty connection is logged") { !syslog.messages(with: "<BADREQ>").isEmpty }
                _ = try await controller.request("http://shop.example.com/two")
                try await controller.wait("the line came") { !syslog.messages(with: "/two").isEmpty }
                #expect(syslog.messages(with: "/two").first?.contains(#/ 200 \+\d+ /#) == true)
            }
        }
    }

    @Test("passed-through connections are logged as TCP, in the format of log-format-tcp; the others only as requests")
    func passthrough() async throws {
        try await withSyslog { syslog in
            try await TLSPods.with {
                [TLSPod(name: "secure", certificate: try $0.leaf("secure.example.com"))]
            } _: { pods async throws in
                func configMap(_ keys: [String: String]) -> String {
                    Manifests.configMap(keys.merging(["syslog-server": info(syslog)]) { $1 })
                }
                let web =
                    Manifests.service() + Manifests.ingress() + pods.here(Manifests.service("secure"))
                    + Manifests.ingress(
                        "secure", host: "secure.example.com", service: "secure", annotations: ["ssl-passthrough": "true"])
                try await TestController.with(["config.yaml": configMap([:]), "web.yaml": web]) { controller async throws in
                    #expect(try await controller.request("https://shop.example.com/one").status == 200)
                    #expect(try await controller.request("https://secure.example.com/two").pod == "secure")
                    try await controller.wait("both are logged") {
                        !syslog.messages(with: "/one").isEmpty && !syslog.messages(with: " tls shop_svc_secure_http/").isEmpty
                    }
                    #expect(syslog.messages(with: "/one").first?.contains(" 127.0.0.1:") == true)
                    #expect(syslog.messages(with: " tls ").count == 1)

                    try await controller.write("config.yaml", configMap(["log-format-tcp": "tcp %b %B"]))
                    try await controller.wait("HAProxy was reloaded") { try await controller.reloads == 1 }
                    #expect(try await controller.request("https://secure.example.com/two").pod == "secure")
                    try await controller.wait("the line has its new form") {
                        syslog.messages.contains { $0.contains(#/: tcp shop_svc_secure_http \d+/#) }
                    }
                }
            }
        }
    }

    @Test("log formats written for the Go controller find its variables")
    func variables() async throws {
        try await withSyslog { syslog in
            try await TLSPods.with {
                [TLSPod(name: "secure", certificate: try $0.leaf("secure.example.com"))]
            } _: { pods async throws in
                let web =
                    Manifests.service() + Manifests.ingress() + pods.here(Manifests.service("secure"))
                    + Manifests.ingress(
                        "secure", host: "secure.example.com", service: "secure", annotations: ["ssl-passthrough": "true"])
                let format = "%ci:%cp [%tr] %ft %b/%s %ST \"%HM %[var(txn.base)] %HV\""
                let config = Manifests.configMap([
                    "syslog-server": info(syslog), "log-format": format,
                    "log-format-tcp": "%ft SNI: %[var(sess.sni)] to %[var(txn.sni_match)]",
                ])
                try await TestController.with(["all.yaml": web + config]) { controller async throws in
                    for scheme in ["http", "https"] {
                        #expect(try await controller.request("\(scheme)://shop.example.com/\(scheme)?x=1").status == 200)
                        try await controller.wait("the line came") {
                            !syslog.messages(with: "\"GET shop.example.com/\(scheme) HTTP/").isEmpty
                        }
                    }
                    #expect(try await controller.request("https://secure.example.com/two").pod == "secure")
                    try await controller.wait("the connection's line came") {
                        !syslog.messages(with: "tls SNI: secure.example.com to shop_svc_secure_http").isEmpty
                    }
                }
            }
        }
    }
}
