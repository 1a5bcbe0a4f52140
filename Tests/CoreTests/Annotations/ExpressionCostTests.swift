import Testing

@testable import Core

/// What expressions cost, in steps of about a nanosecond.
@Suite struct ExpressionCostTests {
    private static let length = 16_384

    private func steps(_ expression: String) throws -> Double { try SampleExpression(expression).cost.value(at: Self.length) }

    private func steps(acl: String) throws -> Double { try ACLExpression(acl).cost.value(at: Self.length) }

    @Test func `All that an expression has is added up`() throws {
        let one = try steps("path,regsub('^.{0,55}.{0,55}.{0,55}.{0,55}!',x)")
        let four = try steps("path" + String(repeating: ",regsub('^.{0,55}.{0,55}.{0,55}.{0,55}!',x)", count: 4))
        #expect(one > 9_000_000 && four > 3.9 * one)
        let format = try LogFormatString(String(repeating: "%[path,lower]", count: 100), of: .request)
        #expect(format.cost.value(at: Self.length) >= 100 * (try steps("path,lower")))
        #expect(try LogFormatString(String(repeating: "%HQ", count: 1000), of: .request).cost.value(at: Self.length) > 10_000_000)
    }

    @Test(arguments: ["g", "gi", "ig"]) func `A substitution of all matches costs one for each place of the text`(_ flags: String)
        throws
    {
        let expression = "path,regsub('a(?:.{0,250}.{0,250}!)?',x"
        #expect(try steps("\(expression))") < 1_000_000)
        #expect(try steps("\(expression),i)") < 1_000_000)
        #expect(try steps("\(expression),\(flags))") > 500_000_000)
        // The replacement is written for each match.
        let long = String(repeating: #"\0"#, count: 200)
        #expect(try steps("path,regsub(a,'\(long)',\(flags))") > 10_000_000)
        #expect(try steps("path,regsub(a,'\(long)')") < 200_000)
        // What is bound to the beginning matches once.
        #expect(try steps("path,regsub('^/a(.*)',x,\(flags))") < 500_000)
    }

    @Test func `A fetch of several values costs what is the same for each as often as there may be values`() throws {
        let pattern = "^.{0,20}.{0,20}!"
        #expect(try steps(acl: "path -m reg \(pattern)") < 200_000)
        #expect(try steps(acl: "req.hdr(x,-1) -m reg \(pattern)") < 200_000)
        for fetch in [
            "req.hdr(x)", "hdr(x)", "req.hdr(x,0)", "req.fhdr(x)", "cook(a)", "cookie(a)", "req.cook(a)", "urlp(a)", "url_param",
        ] {
            #expect(try steps(acl: "\(fetch) -m reg \(pattern)") > 1_500_000, "\(fetch)")
            #expect(try steps(acl: "\"\(fetch),regsub('\(pattern)',x)\" -m found") > 1_500_000, "\(fetch)")
        }
        #expect(try steps(acl: "hdr_reg(x) \(pattern)") > 6_000_000)
    }

    @Test func `All fetches of headers, cookies and parameters that give several values are known as such`() {
        let several = SampleFetch.known.values.filter { $0.values([]) != nil }.map(\.name).sorted()
        #expect(
            several == [
                "cook", "cook_val", "cookie", "hdr", "hdr_ip", "hdr_val", "req.cook", "req.cook_val", "req.fhdr", "req.hdr",
                "req.hdr_ip",
                "req.hdr_val", "res.cook", "res.cook_val", "res.fhdr", "res.hdr", "res.hdr_ip", "res.hdr_val", "url_param",
                "urlp",
                "urlp_val",
            ])
    }

    @Test func `Each fetch and converter costs something, and no more than a millisecond with ordinary arguments`() throws {
        for fetch in SampleFetch.known.values {
            let cost = fetch.cost.value(at: Self.length)
            #expect(cost > 0 && cost < 200_000, "\(fetch.name)")
        }
        for converter in [
            "lower", "field(1,/)", "word(2,' ')", "crc32", "sha2(512)", "json(utf8s)", "json_query('$.a')", "language(en;de;fr)",
            "ltrim(/)", "url_dec", "regsub(^/a,b)", "concat(a)", "hex", "length", "regsub(a,b,g)", "http_date", "ltime('%c')",
        ] {
            let cost = try steps("path,\(converter)") - (try steps("path"))
            #expect(cost > 10 && cost < 1_500_000, "\(converter): \(cost)")
        }
        // What is short costs little.
        #expect(try steps("path,length,mul(2),hex,sha2(256),base64") < 300_000)
        #expect(try steps("src,ipmask(24)") < 1000)
    }

    @Test func `Separators, languages and values that are looked for multiply the text`() throws {
        let long = String(repeating: "b", count: 500)
        #expect(try steps("path,field(1,\(long))") > 8_000_000)
        #expect(try steps("path,ltrim(\(long))") > 8_000_000)
        #expect(try steps("req.fhdr(x),language(\(Array(repeating: "b", count: 250).joined(separator: ";")))") > 8_000_000)
        #expect(try steps(acl: "path -m sub \(long)\(long)\(long)\(long)") > 2_000_000)
        #expect(try steps(acl: "path_dir \(long)\(long)\(long)\(long)") > 2_000_000)
    }

    @Test func `What begins with .* is tried in each line of a text that may have several`() throws {
        #expect(try steps(acl: "path -m reg .*x") < 300_000)
        #expect(try steps(acl: "path,url_dec -m reg .*x") > 100_000_000)
        #expect(try steps(acl: "path,url_dec -m reg ^.*x") < 300_000)
        #expect(try steps("path,b64dec,lower,regsub('.*x',y)") > 100_000_000)
    }

    @Test func `Costs are numbers even where they are beyond all bounds`() throws {
        let cost = try steps("path" + String(repeating: ",regsub('a(?:.{0,250}.{0,250}!)?',x,g)", count: 10))
        #expect(cost > 1e10 && cost.isFinite)
        #expect(ExpressionBudget.words(cost).contains("s"))
        #expect(ExpressionBudget.words(14_950_001) == "15.0 ms" && ExpressionBudget.words(2.5e9) == "2 s")
    }

    @Test func `Longer buffers make the same expressions cost more`() throws {
        let cost = try ACLExpression("path -m reg a.{0,10}!").cost
        let small = ExpressionBudget(milliseconds: 40, longestText: 16_384)
        let large = ExpressionBudget(milliseconds: 40, longestText: 1_048_576)
        #expect(small.steps(cost) < small.conditions && large.steps(cost) > 50 * small.steps(cost))
    }
}
