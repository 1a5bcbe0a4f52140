// The converters of HAProxy 2.6 (configuration manual, section 7.3.1) that compute their output from their input and their
// arguments alone. Left out is all that
// - writes (`set-var`, `unset-var`, `capture-req`, `add_item` with a variable) or prints (`debug`);
// - reads files (`map`, `jwt_verify`), stick tables (`in_table`, `table_*`), servers (`nbsrv`, `srv_queue`) or any variable
//   (`secure_memcmp`; `add` and its like take numbers here, `concat` and `strcmp` the variables of ``ReadableVariable``);
// - holds keys (`hmac`, `aes_gcm_dec`), or is for protocols other than HTTP (`mqtt_*`, `fix_*`, `protobuf`, `ungrpc`);
// - needs modules (`51d`, `da-csv-conv`, Lua).

extension SampleConverter {
    static let numbers: [SampleConverter] = [
        SampleConverter("add", .integer, [.integer], required: 1),
        SampleConverter("and", .integer, [.integer], required: 1),
        SampleConverter("bool", .boolean),
        SampleConverter("cpl", .integer),
        SampleConverter("div", .integer, [.integer], required: 1),
        SampleConverter("even", .boolean),
        SampleConverter("hex2i", .integer),
        SampleConverter("http_date", .string, [.integer, .choice(["s", "ms", "us"])]),
        SampleConverter("iif", .string, [.text, .text], required: 2),
        SampleConverter("ipmask", .address, [.ipv4Mask, .ipv6Mask], required: 1),
        SampleConverter("ltime", .string, [.text, .integer], required: 1),
        SampleConverter("mod", .integer, [.integer], required: 1),
        SampleConverter("mul", .integer, [.integer], required: 1),
        SampleConverter("neg", .integer),
        SampleConverter("not", .boolean),
        SampleConverter("odd", .boolean),
        SampleConverter("or", .integer, [.integer], required: 1),
        SampleConverter("sub", .integer, [.integer], required: 1),
        SampleConverter("utime", .string, [.text, .integer], required: 1),
        SampleConverter("xor", .integer, [.integer], required: 1),
    ]

    static let texts: [SampleConverter] = [
        SampleConverter("b64dec", .binary),
        SampleConverter("base64", .string),
        SampleConverter("bytes", .binary, [.count, .count], required: 1),
        SampleConverter("concat", .string, [.text, .variable, .text]),
        SampleConverter("cut_crlf", .string),
        SampleConverter("field", .string, [.integer, .text, .count], required: 2),
        SampleConverter("hex", .string),
        SampleConverter("host_only", .string),
        SampleConverter("json", .string, [.choice(["ascii", "utf8", "utf8s", "utf8p", "utf8ps"])]),
        SampleConverter("json_query", .undefined, [.text, .choice(["int"])], required: 1),
        SampleConverter("jwt_header_query", .undefined, [.text, .choice(["int"])]),
        SampleConverter("jwt_payload_query", .undefined, [.text, .choice(["int"])]),
        SampleConverter("language", .string, [.text, .text], required: 1),
        SampleConverter("length", .integer),
        SampleConverter("lower", .string),
        SampleConverter("ltrim", .string, [.text], required: 1),
        SampleConverter("port_only", .integer),
        SampleConverter("regsub", .string, [.regularExpression, .text, .choice(["g", "i", "gi", "ig"])], required: 2),
        SampleConverter("rtrim", .string, [.text], required: 1),
        SampleConverter("strcmp", .integer, [.variable], required: 1),
        SampleConverter("ub64dec", .binary),
        SampleConverter("ub64enc", .string),
        SampleConverter("upper", .string),
        SampleConverter("url_dec", .string, [.integer]),
        SampleConverter("url_enc", .string, [.choice(["query"])]),
        SampleConverter("word", .string, [.integer, .text, .count], required: 2),
    ]

    static let hashes: [SampleConverter] = [
        SampleConverter("crc32", .integer, [.integer]),
        SampleConverter("crc32c", .integer, [.integer]),
        SampleConverter("djb2", .integer, [.integer]),
        SampleConverter("sdbm", .integer, [.integer]),
        SampleConverter("sha1", .binary),
        SampleConverter("sha2", .binary, [.choice(["224", "256", "384", "512"])]),
        SampleConverter("wt6", .integer, [.integer]),
        SampleConverter("xxh3", .integer, [.integer]),
        SampleConverter("xxh32", .integer, [.integer]),
        SampleConverter("xxh64", .integer, [.integer]),
    ]
}
