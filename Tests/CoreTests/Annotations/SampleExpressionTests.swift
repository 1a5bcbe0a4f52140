import Testing

@testable import Core

@Suite struct SampleExpressionTests {
    @Test(arguments: [
        "src", "cookie(my-cookie)", "req.hdr(x-user,1),lower,field(2,:)", "hdr(user-agent)", "path,regsub(^/a b,/,g)",
        "str(a b),upper", "var(txn.host)", "rand(100)", "ssl_c_s_dn(CN)", "str(set-var),lower", "str()", "base32+src,hex",
        "path,concat(,txn.host,/x)", "date(3600),http_date", "src,ipmask(24,64)", "str(),concat(a)", "req.hdr(a,-1)",
        "urlp(a),iif(yes,no)", "str((a)", "http_auth_user",
    ])
    func `An expression reads the request`(_ text: String) throws {
        #expect(try SampleExpression(text).text == text)
    }

    @Test(arguments: [
        (#"str("a b"),upper"#, "str(a b),upper"), (#"str(a\ b)"#, "str(a b)"), (#"str("a,b)")"#, "str('a,b)')"),
        (#"str("it's, \"x\" \\ \y")"#, #"str("it's, \"x\" \\ \\y")"#), ("req.hdr()", "req.hdr"), (#"str('\')"#, #"str('\')"#),
        (#"str("a"'b'c)"#, "str(abc)"), (#"str(\(a)"#, #"str('\(a')"#),
    ])
    func `It is written anew from what was read`(_ written: String, _ text: String) throws {
        #expect(try SampleExpression(written).text == text)
        #expect(try SampleExpression(text).text == text)
    }

    @Test(arguments: [
        ("", "is empty"), ("src src", "goes on"), ("src\nx", "control"), ("{ src }", "does not name"),
        ("%[src]", "does not name"),
        ("hdr(a", "does not close"), ("hdr(a))", "goes on"), ("str('a)", "does not close"), ("str(a\\", "backslash"),
        ("str(other),set-var(txn.route)", "set-var"), ("unset-var(txn.settings)", "unset-var"), ("env(HOME)", "env"),
        ("path,map(/etc/passwd)", "map"), ("path,map_beg(maps/host.map)", "map_beg"), ("lua.anything", "lua.anything"),
        ("sc0_inc_gpc0", "sc0_inc_gpc0"), ("src_clr_gpc0(t)", "src_clr_gpc0"), ("src_updt_conn_cnt(t)", "src_updt_conn_cnt"),
        ("path,concat(,txn.host),set-var(txn.a)", "set-var"), ("str('),set-var(txn.route)", "close"),
        ("sc_http_req_rate(2)", "sc_http_req_rate"), ("path,concat(,txn.route)", "txn.route"), ("int(1),add(txn.x)", "txn.x"),
        ("path_beg", "path_beg"), ("src,,lower", "does not name"), ("src,", "does not name"), ("int", "needs 1"),
        ("path(a)", "takes 0"), ("rand(x)", "whole number"), ("path,bytes(-1)", "at least 0"),
        ("path,jwt_verify(RS256,/etc/passwd)", "jwt_verify"),
        ("path,regsub((a+)+$,x)", "needs 2"), ("path,regsub('(a+)+$',x)", "repeats a group"), ("bool(2)", "true nor false"),
        ("str(a),capture-req(0)", "capture-req"), ("http_auth(users)", "http_auth"), ("res.hdr(a)", "not known of a request"),
        ("ssl_fc_session_key", "ssl_fc_session_key"), ("proc", "proc"), ("str(\u{301})\u{301}", "goes on"), ("PATH", "PATH"),
        ("str(a)" + String(repeating: ",lower", count: 17), "17 converters"),
        ("str(\(String(repeating: "a", count: 1100)))", "1024"),
    ])
    func `What does more, or is more, is refused`(_ text: String, _ reason: String) {
        let error = #expect(throws: ValueError.self) { try SampleExpression(text) }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func `Names in the lists are known once, and none of them counts, writes, waits or reads others' state`() {
        #expect(Set(SampleFetch.known.keys).isDisjoint(with: Set(["wait_end", "http_auth", "env", "thread", "proc"])))
        let bad = [
            "sc_", "sc0_", "sc1_", "sc2_", "src_", "table_", "be_", "srv_", "fe_", "lua.", "map", "set-", "unset-", "capture",
        ]
        let exceptions: Set = ["src_port", "src_is_local", "be_name", "srv_name"]
        for name in Array(SampleFetch.known.keys) + SampleConverter.known.keys where !exceptions.contains(name) {
            #expect(!bad.contains { name.hasPrefix($0) }, "\(name)")
        }
    }
}
