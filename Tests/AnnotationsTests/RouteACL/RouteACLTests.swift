import AnnotationTesting
import Foundation
import Core
import Testing

@testable import Annotations

@Suite struct RouteACLTests {
    @Test(arguments: [
        ("cookie(staging) -m found", "{ cookie(staging) -m found }"), ("{ path_beg /a }", "{ path_beg /a }"),
        ("req.hdr(x-user),lower -m str -i \"John Doe\"", "{ req.hdr(x-user),lower -m str -i 'John Doe' }"),
        ("!{ src 10.0.0.0/8 }", "!{ src 10.0.0.0/8 }"), ("! rand(100) lt 20", "!{ rand(100) lt 20 }"),
        ("hdr(x) -m str -- -f", "{ hdr(x) -m str -- -f }"), (#"hdr(x) "1}" 'a b' it\'s"#, #"{ hdr(x) -- '1}' 'a b' 'it'\''s' }"#),
        // HAProxy takes neither for a value where it stands.
        ("req.hdr(x) -m int -5", "{ req.hdr(x) -m int -- -5 }"), ("path lower", "{ path -- lower }"),
        ("hdr(Host) -i -m beg a", "{ hdr(Host) -i -m beg a }"),
        ("{ req.cook(staging) -m bool }", "{ req.cook(staging) -m bool }"),
        ("hdr_beg(host) -i -- www.", "{ hdr_beg(host) -i -- www. }"),
        (#""pa"'th'_beg "/a b"\ c"#, "{ path_beg '/a b c' }"), ("src 10.0.0.0/255.0.0.0 ::1", "{ src 10.0.0.0/255.0.0.0 ::1 }"),
        ("method GET HEAD", "{ method -- GET HEAD }"), ("path_reg ^/v[0-9]+/", "{ path_reg ^/v[0-9]+/ }"),
    ])
    func `An ACL is put between braces word by word`(_ value: String, _ condition: String) throws {
        let trial = try AnnotationTrial([RouteACL.self], service: ["route-acl": value])
        #expect(trial.section("frontend http").contains { $0.hasSuffix(condition) }, "\(trial.section("frontend http"))")
        #expect(trial.section("frontend https").contains { $0.hasSuffix(condition) })
        #expect(trial.findings.isEmpty)
    }

    @Test(arguments: [
        ("", "holds no ACL"), ("{ }", "holds no ACL"), ("src 10.0.0.0/8 } { always_true", "one ACL"), ("a || b", "one ACL"),
        ("path_beg /a if TRUE", "one ACL"), ("src -f /etc/passwd", "-f"), ("path -M -f x", "-M"), ("path -u 1", "-u"),
        ("str(x),set-var(txn.route) -m found", "set-var"), ("path,map(/etc/passwd) -m found", "map"), ("hdr(a -m found", "close"),
        ("hdr(a) 'b", "quote"), ("hdr(a) b\\", "backslash"), ("hdr(a) -m", "ends with the flag"),
        ("hdr(a)\nhttp-request deny", "control"),
        (#"path /nope "}" "||" "{" "str(NS_svc_open_http),set-var(txn.route)" -m found "}""#, "holds"),
        (#"src "-f" /etc/passwd"#, "-f"), (#"src -\f /etc/passwd"#, "-\\"), (#"src \x2df /etc/passwd"#, "-f"),
        (#"path /x \x7d"#, "}"),
        (#"path '' "}""#, "empty"), (#"path /a "or" { always_true"#, "or"), ("src localhost", "localhost"),
        ("hdr(x) -m ip evil.example.com", "evil.example.com"), (#"str(NS) set-var(txn.route),lower -m found"#, "-m"),
        ("path /a -f /etc/passwd", "-f"),
        ("http_auth(shop_users)", "http_auth"), ("nbsrv(victim) gt 1", "nbsrv"),
        ("table_cnt(RateLimit-1s-102400) gt 1", "table_cnt"),
        ("var(txn.route) -m found", "txn.route"), (#"path "${HOME}""#, "environment"), ("path_beg /a # -m found", "comment"),
        ("path_reg ^/(a+)+$", "repeats a group"), ("path -m reg (a*)*b", "repeats a group"),
        ("res.hdr(a) -m found", "not known of a request"),
        ("req.body_len lt", "operator"), ("hdr(a) -m found x", "no value"), ("path", "names no value"), ("wait_end", "wait_end"),
        ("ssl_c_sha1 -m bin 0", "hexadecimal"), ("path_map /etc/passwd", "path_map"),
    ])
    func `What could leave the braces, read files or set variables leaves the Service out`(_ value: String, _ reason: String)
        throws
    {
        let trial = try AnnotationTrial([RouteACL.self], service: ["route-acl": value])
        #expect(trial.map("path-prefix").isEmpty && trial.map("route-acl").isEmpty)
        let finding = try #require(trial.findings.first)
        #expect(finding.severity == .error && finding.object?.kind == .service && finding.message.contains(reason), "\(finding)")
    }

    @Test func `The path leads to 404 for requests that do not match`() throws {
        let trial = try AnnotationTrial([RouteACL.self], service: ["route-acl": "hdr(x) -m found"])
        let value = try #require(trial.map("path-prefix")["shop.example.com/"])
        #expect(value.hasPrefix("ingress-not-found.."))
        #expect(Array(trial.map("route-acl").values) == ["0|shop_svc_web_http"])
    }
}
