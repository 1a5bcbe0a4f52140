/// Random sample expressions, ACLs and log-format strings: harmless ones, hostile ones, and everything between, in every form of
/// quoting that HAProxy reads (configuration manual, section 2.2).
public struct ExpressionGrammar {
    public var generator: SeededGenerator

    public init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private static let goodFetches = [
        "path", "src", "method", "req.hdr(x)", "hdr(host)", "cookie(a)", "str(a)", "rand(100)", "ssl_fc", "urlp(q)", "url",
        "bool(true)",
        "var(txn.host)", "date", "req.hdr_ip(x,-1)", "always_true", "path_beg", "hdr_sub(x)", "src_port", "base32+src",
        "ssl_c_s_dn(CN)",
    ]
    private static let badFetches = [
        "var(txn.route)", "env(PATH)", "http_auth(users)", "nbsrv(victim_svc_web_http)", "table_cnt(RateLimit-1s-102400)",
        "sc0_inc_gpc0", "src_inc_gpc0(t)", "lua.x", "wait_end", "be_conn(victim_svc_web_http)", "queue(x)", "str", "no_such(x)",
        "",
        "res.hdr(x)", "var(proc.x)", "srv_is_up(a/b)", "ssl_fc_session_key",
    ]
    private static let goodConverters = [
        "lower", "upper", "length", "field(1,/)", "word(1,' ')", "base64", "hex", "crc32(1)", "concat(a)", "concat(,txn.host)",
        "url_dec",
        "regsub(a,b)", "add(1)", "iif(a,b)", "ipmask(24)", "json(utf8s)", "strcmp(txn.host)",
    ]
    /// Those that are accepted in small numbers.
    private static let costlyConverters = [
        "regsub('^.{0,55}.{0,55}.{0,55}.{0,55}!',x)", "regsub('^.{0,30}.{0,30}.{0,30}!',x)",
        "regsub('a(?:.{0,250}.{0,250}!)?',x,g)",
        "regsub('a(?:.{0,6}.{0,6}!)?',x,g)", "regsub('(a)','\\1\\1\\1\\1\\1\\1\\1\\1',g)", "regsub('[a/]*!',x)",
        "lower,lower,lower,lower",
        "field(1,bcdefghijklmnopqrstuvwxyz)", "language(b;c;d;e;f;g;h;i;j;k)", "crc32", "sha2(512),hex", "json(utf8s)",
        "url_dec,regsub('.*[^=]*=',x)", "json_query('$.z')", "ltrim(aaaaaaaaaaaaaaaaaaaaa)", "base64,base64,base64",
    ]
    private static let costlyPatterns = [
        "^.{0,55}.{0,55}.{0,55}.{0,55}!", "^.{0,30}.{0,30}.{0,30}!", "^/[^/]*/.*!$", "a.{0,40}.{0,40}!", "(b|c|d|ab|ac)!",
    ]
    private static let longFetches = ["path", "url", "req.hdr(x)", "req.fhdr(x)", "urlp(q)", "base", "query"]

    /// A value of a key that costs a request as much as its author can make it: as often as it is refused for that, it is accepted.
    /// Nil for keys without expressions.
    public mutating func costly(_ key: String) -> String? {
        func many(_ most: Int, _ generator: inout SeededGenerator) -> Int { 1 << Int.random(in: 0...most, using: &generator) }
        func expression() -> String {
            let terms = (0..<Int.random(in: 1...3, using: &generator)).map { _ in generator.pick(Self.costlyConverters) }
            return ([generator.pick(Self.longFetches)] + terms).joined(separator: ",")
        }
        let patterns = generator.pick(Self.costlyPatterns)
        switch key {
        case "request-capture": return (0..<many(4, &generator)).map { _ in expression() }.joined(separator: "\n")
        case "request-set-header", "response-set-header":
            let text = String(
                repeating: "%[\(key.hasPrefix("request") ? expression() : "srv_name,crc32")]", count: many(8, &generator))
            return "X-A \(text)\nX-B %HQ%HU"
        case "load-balance": return "hash \(expression())"
        case "path-rewrite":
            return (0..<many(4, &generator)).map { _ in "\(patterns) /x" }.joined(separator: "\n")
        case "route-acl":
            let values = (0..<many(4, &generator)).map { "'\(patterns)\($0)'" }
            return
                "\(generator.pick(Self.longFetches)) -m \(generator.pick(["reg", "reg", "sub", "dir"])) \(values.joined(separator: " "))"
        default: return nil
        }
    }

    private static let badConverters = [
        "set-var(txn.route)", "unset-var(txn.route)", "map(/etc/passwd)", "debug", "capture-req(0)", "in_table(t)",
        "table_idle(t)",
        "jwt_verify(RS256,/etc/passwd)", "lua.x", "add(txn.route)", "concat(,txn.route)", "no_such", "", "regsub('(a+)+$',b)",
        "secure_memcmp(txn.route)", "nbsrv", "add_item(-,txn.route,x)",
    ]
    /// Words that mean something to HAProxy somewhere, and pieces that do not.
    private static let pieces = [
        "}", "{", "||", "or", "!", "if", "unless", "-f", "-M", "-i", "-m", "--", "-u", "-n", "", "/etc/passwd", "#", "$HOME",
        "${HOME}",
        "'", "\"", "\\", "%", "%[", "]", "(", ")", ",", " ", "\t", "a", "b c", "10.0.0.0/8", "localhost", "lower",
        "set-var(txn.route)",
        "set-var(txn.route),lower", "debug", "ü", "x\u{301}", "1:5", "-5", "gt", "lt", "found", "beg", "reg", "^/(a+)+$", "^/a.*",
        "str",
        "http-request", "deny", "@1", ";", "|", "&", "*", "?", "/a", "GET", "0a0b",
    ]

    public mutating func expression() -> String {
        let fetch = generator.pick(generator.chance(90) ? Self.goodFetches : Self.badFetches)
        var terms = [generator.chance(15) ? "str(\(quotedArgument(piece() + piece())))" : fetch]
        while generator.chance(35) {
            terms.append(generator.pick(generator.chance(85) ? Self.goodConverters : Self.badConverters))
        }
        return terms.joined(separator: generator.chance(97) ? "," : ",,")
    }

    public mutating func acl() -> String {
        var words = [expression()]
        if generator.chance(70) {
            let methods = [
                "found", "bool", "int", "ip", "bin", "len", "str", "sub", "reg", "beg", "end", "dir", "dom", "method", "x",
            ]
            words += ["-m", generator.chance(40) ? "str" : generator.pick(methods)]
        }
        if generator.chance(25) { words.append(generator.pick(["-i", "-n", "--", "-f", "-M", "-u", "-i"])) }
        for _ in 0..<Int.random(in: 0...3, using: &generator) { words.append(piece()) }
        if generator.chance(4) { words.insert(piece(), at: Int.random(in: 0...words.count, using: &generator)) }
        var text = words.map { quoted($0) }.joined(separator: generator.chance(90) ? " " : " \t ")
        if generator.chance(20) { text = "{ \(text) }" }
        if generator.chance(15) { text = (generator.chance(50) ? "!" : "! ") + text }
        return text
    }

    public mutating func logFormat() -> String {
        var text = ""
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            switch Int.random(in: 0..<6, using: &generator) {
            case 0, 1:
                let flags = generator.chance(30) ? generator.pick(["{+Q}", "{-X,+E}", "{}", "{+Z}", "{+Q"]) : ""
                text += "%\(flags)[\(expression())]"
            case 2:
                text += "%" + generator.pick(["ci", "cp", "ST", "HM", "{+Q}r", "ac", "hr", "pid", "nope", "%", "{+Q}o"]) + " "
            case 3: text += generator.pick(["%", "%%", "%20", "100%", "%(", "%]"])
            default: text += piece()
            }
        }
        return text
    }

    private mutating func piece() -> String { generator.pick(Self.pieces) }

    /// An argument in parentheses, in one of the forms that make it one, or as it is.
    private mutating func quotedArgument(_ text: String) -> String {
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: text
        case 1: "'\(text)'"
        default: "\"\(text)\""
        }
    }

    /// A word in some form of quoting, which need not be whole.
    public mutating func quoted(_ word: String) -> String {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0, 1, 2: return word
        case 3: return "'\(word)'"
        case 4: return "\"\(word)\""
        case 5:
            return word.unicodeScalars.map {
                $0.isASCII ? "\\x" + (($0.value < 16 ? "0" : "") + String($0.value, radix: 16)) : String($0)
            }.joined()
        case 6: return word.unicodeScalars.map { " '\"\\#".unicodeScalars.contains($0) ? "\\\($0)" : String($0) }.joined()
        default:
            return word.unicodeScalars.map { scalar in
                switch Int.random(in: 0..<5, using: &generator) {
                case 0 where scalar != "'": "'\(scalar)'"
                case 1 where !"\"\\$".unicodeScalars.contains(scalar): "\"\(scalar)\""
                case 2: "\\\(scalar)"
                case 3 where scalar.isASCII && scalar.value > 15: "\\x\(String(scalar.value, radix: 16))"
                default: String(scalar)
                }
            }.joined()
        }
    }
}
