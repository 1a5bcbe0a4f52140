import Core

/// A sample expression that `balance hash` hashes: a fetch and converters (configuration manual, sections 7.3.1 and 7.3.3 to
/// 7.3.6).
///
/// Only fetches and converters that read the request are known here; others could change variables and counters or read files.
struct HashExpression: Hashable, Sendable {
    let text: String

    private static let fetches: Set<String> = [
        "src", "dst", "method", "path", "pathq", "query", "url", "base", "url_param", "urlp", "url_ip", "hdr", "hdr_ip",
        "req.hdr",
        "req.fhdr", "req.hdr_ip", "req.cook", "cook", "req.ver", "ssl_fc_sni", "ssl_fc_alpn", "ssl_c_s_dn", "ssl_c_sha1",
        "ssl_c_serial",
        "ssl_fc_session_id",
    ]

    private static let converters: Set<String> = [
        "lower", "upper", "ipmask", "field", "word", "bytes", "ltrim", "rtrim", "length", "hex", "base64", "b64dec", "ub64dec",
        "url_dec",
        "crc32", "crc32c", "djb2", "sdbm", "wt6", "xxh32", "xxh3", "xxh64", "mod", "add", "sub", "mul", "div", "and", "or", "xor",
        "strcmp",
        "jwt_header_query", "jwt_payload_query",
    ]

    /// - Throws: ``ValueError`` when the text is anything else than `fetch[(arguments)][,converter[(arguments)]]...`.
    init(_ text: String) throws {
        var rest = text[...]
        var known = Self.fetches
        repeat {
            let name = String(rest.prefix { $0 != "(" && $0 != "," })
            guard known.contains(name) else {
                throw ValueError(
                    "hashes by \(name.quotedForPeople), which is not among the fetches and converters that are known here")
            }
            rest = rest.dropFirst(name.count)
            if rest.first == "(" {
                let arguments = rest.dropFirst().prefix { $0 != ")" }
                guard arguments.utf8.allSatisfy(Self.canBeInArgument) else {
                    throw ValueError("holds \(String(arguments).quotedForPeople) as arguments of \(name)")
                }
                rest = rest.dropFirst(arguments.count + 1)
                guard rest.popFirst() == ")" else { throw ValueError("does not close a parenthesis") }
            }
            known = Self.converters
            if rest.isEmpty { break }
            guard rest.popFirst() == "," else { throw ValueError("goes on after a parenthesis with something else than a comma") }
        } while true
        self.text = text
    }

    private static func canBeInArgument(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_.,:".utf8.contains(byte)
        }
    }
}
