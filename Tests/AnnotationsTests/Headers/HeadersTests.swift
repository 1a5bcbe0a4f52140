import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct HeadersTests {
    func trial(_ annotations: [String: String]) throws -> AnnotationTrial {
        try AnnotationTrial([RequestHeaders.self, ResponseHeaders.self, HostHeader.self], ingress: annotations)
    }

    /// Whether lines set headers beside the one that says of all requests over TLS that they are.
    private func setsHeaders(_ trial: AnnotationTrial) -> Bool {
        trial.configuration.replacing("http-request set-header X-Forwarded-Proto https\n", with: "").contains("set-header")
    }

    @Test func `Texts are map entries that one rule for each header reads`() throws {
        let one = try trial(["request-set-header": "X-Environment production\nX-Team shop\n"])
        let two = try trial(["request-set-header": "X-Team other\nX-Environment staging"])
        #expect(one.routeValue("request-header-x-environment") == "production")
        #expect(one.routeValue("request-header-x-team") == "shop")
        #expect(two.routeValue("request-header-x-environment") == "staging")
        #expect(one.configuration == two.configuration)
        for frontend in ["frontend http", "frontend https"] {
            #expect(one.section(frontend).filter { $0.hasPrefix("http-request set-header X-Environment ") }.count == 1)
        }
    }

    @Test func `Answers get their headers whoever makes them`() throws {
        let trial = try trial(["response-set-header": "X-Frame-Options DENY"])
        #expect(trial.routeValue("response-header-x-frame-options") == "DENY")
        #expect(trial.section("frontend http").contains { $0.hasPrefix("http-after-response set-header X-Frame-Options ") })
    }

    @Test func `Log-format strings are rules of the backend`() throws {
        let trial = try trial([
            "request-set-header": "X-Client \"%[src]:%[src_port] #1\"", "response-set-header": "X-Took %Tr ms",
        ])
        #expect(trial.backend.contains("http-request set-header X-Client '%[src]:%[src_port] #1'"))
        #expect(trial.backend.contains("http-after-response set-header X-Took '%Tr ms'"))
        #expect(trial.map("request-header-x-client").isEmpty)
    }

    @Test func `Of two lines for one header the last wins`() throws {
        let plain = try trial(["request-set-header": "X-A %[src]\nX-B b\nx-a two"])
        #expect(plain.routeValue("request-header-x-a") == "two")
        #expect(!plain.backend.contains { $0.contains("%[src]") })
        let evaluated = try trial(["request-set-header": "X-A one\nX-A %[src]"])
        #expect(evaluated.routeValue("request-header-x-a") == nil)
        #expect(evaluated.backend.contains("http-request set-header X-A %[src]"))
    }

    @Test(arguments: [
        ("100%", "100%"), ("50% off", "50% off"), ("a%%b", "a%b"), ("%", "%"), ("%20", "%20"), ("%-x", "%-x"), ("%é", "%é"),
        (#"it's "x" \ # 100%"#, #"it's "x" \ # 100%"#), (#""'quoted'""#, "'quoted'"), ("' padded '", "padded"),
        ("[a](b", "[a](b"),
    ])
    func `A percent sign that begins nothing is one`(_ written: String, _ shown: String) throws {
        let trial = try trial(["request-set-header": "X-A \(written)"])
        #expect(trial.routeValue("request-header-x-a") == shown)
        #expect(trial.findings.isEmpty)
    }

    @Test(arguments: [
        ("%[src]%", "%[src]%%"), ("50% of %[src]", "50%% of %[src]"), ("%{+Q}[src]", "%{+Q}[src]"), ("%{+X}ci", "%{+X}ci"),
        (#"%[urlp("a]b")]"#, "%[urlp(a]b)]"), (#"%[path,regsub("\)",x)]"#, #"%[path,regsub('\)',x)]"#),
        ("a]%[src])", "a]%[src])"), ("%{+Q,-X}[src]%(", "%{+Q,-X}[src]%%("),
    ])
    func `Beside an expression it is escaped for HAProxy`(_ written: String, _ format: String) throws {
        let value = try HeaderValue(written)
        #expect(value == .format(try LogFormatString(format, of: .request)))
        guard case .format(let read) = value else { return }
        #expect(read.text == format)
    }

    @Test(arguments: [
        (#""geolocation=(self \"https://x\")""#, #"geolocation=(self "https://x")"#),
        (#"geolocation=(self "x")"#, #"geolocation=(self "x")"#),
        (#""a \\ b \$c \d""#, #"a \ b $c \d"#), (#"'a \" b'"#, #"a \" b"#), (#""A";v="1", "B""#, #""A";v="1", "B""#),
        (#""a\""#, #""a\""#), (#"a\"b"#, #"a\"b"#),
    ])
    func `Quotes around the whole value are taken off, with the escapes between them`(_ written: String, _ shown: String) throws {
        let trial = try trial(["response-set-header": "Permissions-Policy \(written)"])
        #expect(trial.routeValue("response-header-permissions-policy") == shown)
        #expect(trial.findings.isEmpty)
    }

    @Test(arguments: [
        ("%[env(HOME)]", "env"), ("%[src,set-var(txn.route)]", "set-var"), ("%[http_auth(shop_users)]", "http_auth"),
        ("%[path,debug]", "debug"), ("%[lua.x]", "lua.x"), ("%[var(txn.route)]", "txn.route"), ("%[src,map(/etc/passwd)]", "map"),
        ("%[nbsrv(x)]", "nbsrv"), ("%[table_cnt(x)]", "table_cnt"), ("%[sc0_inc_gpc0]", "sc0_inc_gpc0"), ("%ac", "%ac"),
        ("%[str(a),concat(,txn.route)]", "txn.route"), ("%[int(1),add(txn.route)]", "txn.route"), ("%{+Z}ci", "+Z"),
        ("%hr", "%hr"),
        ("%[ssl_fc_session_key,hex]", "ssl_fc_session_key"), ("%[status]", "status"), ("%[fe_conn(https)]", "fe_conn"),
    ])
    func `A request's header reads neither others' state nor what is not there yet`(_ value: String, _ word: String) throws {
        let trial = try trial(["request-set-header": "X-A \(value)"])
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(trial.findings.first?.message.contains(word) == true, "\(trial.findings)")
        #expect(!setsHeaders(trial))
    }

    @Test func `A response's header reads the response and not the request`() throws {
        #expect(
            try trial(["response-set-header": "X-A %[res.hdr(server)] %ST"]).backend.contains {
                $0.hasSuffix("X-A '%[res.hdr(server)] %ST'")
            })
        #expect(try trial(["response-set-header": "X-A %[path]"]).findings.map(\.severity) == [.error])
    }

    @Test(arguments: [
        "", "X-A", "X-A  ", "X-A \"\"", "X-A \"  \"", "X A: b\n: c", "X-A: b", "Ü b", "X-A %[src", "X-A %[req.hdr(a]",
        "X-A %[src)]", "X-A %{+Q",
        "X-A %{+Q}", "X-A %{+Q} [src]", "X-A %['src]", "X-A a\u{1}b", "X-A a\u{7f}", "X-Fine yes\nX-A %[", "X-A \"a\tb\"",
    ])
    func `What cannot be a header is reported and left out`(_ value: String) throws {
        for key in ["request-set-header", "response-set-header"] {
            let trial = try trial([key: value])
            #expect(trial.findings.map(\.severity) == [.error])
            #expect(!setsHeaders(trial))
        }
    }

    @Test(arguments: ["Content-Length 3", "content-length %[src]", "X-Fine yes\nTRANSFER-ENCODING chunked"])
    func `Where a message ends is not for annotations to say`(_ value: String) throws {
        for key in ["request-set-header", "response-set-header"] {
            let trial = try trial([key: value])
            #expect(trial.findings.map(\.severity) == [.error])
            #expect(trial.findings.map(\.key) == ["haproxy.org/\(key)"])
            #expect(!setsHeaders(trial))
        }
        #expect(try trial(["request-set-header": "X-Content-Length 3"]).routeValue("request-header-x-content-length") == "3")
    }

    @Test func `Headers whose names differ in one character only have variables of their own`() throws {
        let trial = try trial(["response-set-header": "X-A-B 1\nX-A_B 2\nX-A.B 3\n"])
        let rules = trial.section("frontend http").filter { $0.contains("set-var(txn.response_header") }
        let variables = rules.compactMap { $0.split(whereSeparator: { "()".contains($0) }).dropFirst().first }
        #expect(variables.count == 3 && Set(variables).count == 3, "\(rules) \(trial.findings)")
    }

    @Test func `Request headers that frontends drop from clients are set in the backend, behind that`() throws {
        let trial = try trial(["request-set-header": "X-A-B 1\nX-A_B 2\nX-A.B %\n"])
        #expect(trial.routeValue("request-header-x-a-b") == "1")
        #expect(trial.backend.contains("http-request set-header X-A_B 2"))
        #expect(trial.backend.contains { $0.hasPrefix("http-request set-header X-A.B ") })
        #expect(!trial.section("frontend http").contains { $0.contains("X-A_B") || $0.contains("X-A.B") })
    }

    @Test func `The host for the pods is a map entry`() throws {
        let trial = try trial(["set-host": "web.internal.example.com:8080"])
        #expect(trial.routeValue("set-host") == "web.internal.example.com:8080")
        #expect(trial.section("frontend https").contains { $0.hasPrefix("http-request set-header Host %[var(txn.set_host)]") })
    }

    @Test(arguments: ["", "a b", "a\nb", "http://a", "%[src]", "a/b", ":80"])
    func `What is not a host is reported and changes nothing`(_ value: String) throws {
        let trial = try trial(["set-host": value])
        #expect(trial.findings.map(\.key) == ["haproxy.org/set-host"])
        #expect(!setsHeaders(trial))
    }
}
