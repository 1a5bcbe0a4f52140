import Testing

@testable import Core

@Suite struct SampleExpressionTests {
    @Test(arguments: [
        "src", "cookie(my-cookie)", "req.hdr(x-user,1),lower,field(2,:)", "hdr(user-agent)", "path,regsub(^/a b,/,g)",
        #"str("a b"),upper"#, #"str(a\ b)"#, "var(txn.host)", "rand(100)", "ssl_c_s_dn(CN)", "sc_http_req_rate(2)",
        "str('set-var'),map-like", "method,environment(x)",
    ])
    func `An expression reads the request`(_ text: String) throws {
        #expect(try SampleExpression(text).text == text)
    }

    @Test(arguments: [
        ("", "is empty"), ("src src", "goes on"), ("src\nx", "control"), ("{ src }", "does not begin"),
        ("%[src]", "does not begin"),
        ("hdr(a", "does not close"), ("hdr(a))", "not open"), ("str('a)", "does not close"), ("str(a\\", "does not close"),
        ("str(other),set-var(txn.route)", "set-var"), ("unset-var(txn.settings)", "unset-var"), ("env(HOME)", "env"),
        ("path,map(/etc/passwd)", "map"), ("path,map_beg(maps/host.map)", "map_beg"), ("lua.anything", "lua.anything"),
        ("sc0_inc_gpc0", "sc0_inc_gpc0"), ("src_clr_gpc0(t)", "src_clr_gpc0"), ("src_updt_conn_cnt(t)", "src_updt_conn_cnt"),
        ("path,concat(,x),set-var(txn.a)", "set-var"), ("str('),set-var(txn.route)", "close"),
    ])
    func `What does more, or is more, is refused`(_ text: String, _ reason: String) {
        let error = #expect(throws: ValueError.self) { try SampleExpression(text) }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }
}
