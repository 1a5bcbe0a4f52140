// The fetches of HAProxy 2.6 that read the request, the response, the client's connection or nothing at all. Each list names the
// section of the configuration manual that it is taken from. Left out is all that
// - tells of other tenants or of the whole process: counters (`sc_*`, `src_conn_cnt`, `table_*`), loads (`be_conn`, `nbsrv`,
//   `dst_conn`, `thread`), user lists (`http_auth`, `http_auth_group`), variables but those of ``ReadableVariable``, `env`;
// - changes something (`sc_inc_gpc0`, `src_clr_gpc0`) or waits (`wait_end`);
// - holds secrets of a connection, which requests of several tenants share (`ssl_fc_session_key`, `ssl_fc_client_random`);
// - makes no sense in HTTP (`payload`, `req.ssl_hello_type`).

extension SampleFetch {
    /// Section 7.3.2 "Fetching samples from internal states".
    static let constants: [SampleFetch] = [
        SampleFetch("always_false", .boolean, .connection),
        SampleFetch("always_true", .boolean, .connection),
        SampleFetch("bool", .boolean, .connection, [.boolean], required: 1),
        SampleFetch("date", .integer, .connection, [.integer, .choice(["s", "ms", "us"])]),
        SampleFetch("date_us", .integer, .connection),
        SampleFetch("hostname", .string, .connection),
        SampleFetch("int", .integer, .connection, [.integer], required: 1),
        SampleFetch("rand", .integer, .connection, [.count]),
        SampleFetch("str", .string, .connection, [.text], required: 1),
        SampleFetch("uuid", .string, .connection, [.choice(["4"])]),
        SampleFetch("var", .undefined, .always, [.variable, .text], required: 1),
    ]

    /// Section 7.3.3 "Fetching samples at Layer 4".
    static let connection: [SampleFetch] = [
        SampleFetch("dst", .address, .connection),
        SampleFetch("dst_is_local", .boolean, .connection),
        SampleFetch("dst_port", .integer, .connection),
        SampleFetch("fc_http_major", .integer, .connection),
        SampleFetch("fc_rcvd_proxy", .boolean, .connection),
        SampleFetch("src", .address, .connection),
        SampleFetch("src_is_local", .boolean, .connection),
        SampleFetch("src_port", .integer, .connection),
        SampleFetch("be_name", .string, .response),
        SampleFetch("srv_name", .string, .response),
    ]

    /// Section 7.3.4 "Fetching samples at Layer 5".
    static let tls: [SampleFetch] = [
        SampleFetch("ssl_c_ca_err", .integer, .connection),
        SampleFetch("ssl_c_ca_err_depth", .integer, .connection),
        SampleFetch("ssl_c_der", .binary, .connection),
        SampleFetch("ssl_c_err", .integer, .connection),
        SampleFetch("ssl_c_i_dn", .string, .connection, [.text, .integer, .choice(["rfc2253"])]),
        SampleFetch("ssl_c_key_alg", .string, .connection),
        SampleFetch("ssl_c_notafter", .string, .connection),
        SampleFetch("ssl_c_notbefore", .string, .connection),
        SampleFetch("ssl_c_s_dn", .string, .connection, [.text, .integer, .choice(["rfc2253"])]),
        SampleFetch("ssl_c_serial", .binary, .connection),
        SampleFetch("ssl_c_sha1", .binary, .connection),
        SampleFetch("ssl_c_sig_alg", .string, .connection),
        SampleFetch("ssl_c_used", .boolean, .connection),
        SampleFetch("ssl_c_verify", .integer, .connection),
        SampleFetch("ssl_c_version", .integer, .connection),
        SampleFetch("ssl_fc", .boolean, .connection),
        SampleFetch("ssl_fc_alg_keysize", .integer, .connection),
        SampleFetch("ssl_fc_alpn", .string, .connection),
        SampleFetch("ssl_fc_cipher", .string, .connection),
        SampleFetch("ssl_fc_has_crt", .boolean, .connection),
        SampleFetch("ssl_fc_has_early", .boolean, .connection),
        SampleFetch("ssl_fc_has_sni", .boolean, .connection),
        SampleFetch("ssl_fc_is_resumed", .boolean, .connection),
        SampleFetch("ssl_fc_protocol", .string, .connection),
        SampleFetch("ssl_fc_session_id", .binary, .connection),
        SampleFetch("ssl_fc_sni", .string, .connection),
        SampleFetch("ssl_fc_use_keysize", .integer, .connection),
    ]

    /// Section 7.3.6 "Fetching HTTP samples (Layer 7)", those of requests.
    static let request: [SampleFetch] = [
        SampleFetch("base", .string, .request, hasMatchingForms: true),
        SampleFetch("base32", .integer, .request),
        SampleFetch("base32+src", .binary, .request),
        SampleFetch("baseq", .string, .request),
        SampleFetch("cook", .string, .request, [.name], hasMatchingForms: true),
        SampleFetch("cook_cnt", .integer, .request, [.name]),
        SampleFetch("cook_val", .integer, .request, [.name]),
        SampleFetch("cookie", .string, .message, [.name]),
        SampleFetch("hdr", .string, .message, [.name, .integer], hasMatchingForms: true),
        SampleFetch("hdr_cnt", .integer, .request, [.name]),
        SampleFetch("hdr_ip", .address, .request, [.name, .integer]),
        SampleFetch("hdr_val", .integer, .request, [.name, .integer]),
        SampleFetch("http_auth_bearer", .string, .request, [.name]),
        SampleFetch("http_auth_type", .string, .request),
        SampleFetch("http_auth_user", .string, .request),
        SampleFetch("http_first_req", .boolean, .always),
        SampleFetch("method", .method, .always),
        SampleFetch("path", .string, .request, hasMatchingForms: true),
        SampleFetch("pathq", .string, .request),
        SampleFetch("query", .string, .request),
        SampleFetch("req.body_len", .integer, .request),
        SampleFetch("req.body_size", .integer, .request),
        SampleFetch("req.cook", .string, .request, [.name]),
        SampleFetch("req.cook_cnt", .integer, .request, [.name]),
        SampleFetch("req.cook_val", .integer, .request, [.name]),
        SampleFetch("req.fhdr", .string, .request, [.name, .integer], required: 1),
        SampleFetch("req.fhdr_cnt", .integer, .request, [.name]),
        SampleFetch("req.hdr", .string, .request, [.name, .integer]),
        SampleFetch("req.hdr_cnt", .integer, .request, [.name]),
        SampleFetch("req.hdr_ip", .address, .request, [.name, .integer]),
        SampleFetch("req.hdr_names", .string, .request, [.text]),
        SampleFetch("req.hdr_val", .integer, .request, [.name, .integer]),
        SampleFetch("req.ver", .string, .request),
        SampleFetch("req_ver", .string, .request),
        SampleFetch("unique-id", .string, .always),
        SampleFetch("url", .string, .request, hasMatchingForms: true),
        SampleFetch("url32", .integer, .request),
        SampleFetch("url32+src", .binary, .request),
        SampleFetch("url_ip", .address, .request),
        SampleFetch("url_param", .string, .request, [.text, .text]),
        SampleFetch("url_port", .integer, .request),
        SampleFetch("urlp", .string, .request, [.text, .text], hasMatchingForms: true),
        SampleFetch("urlp_val", .integer, .request, [.text, .text]),
    ]

    /// Section 7.3.6, those of responses.
    static let response: [SampleFetch] = [
        SampleFetch("res.cook", .string, .response, [.name]),
        SampleFetch("res.cook_cnt", .integer, .response, [.name]),
        SampleFetch("res.cook_val", .integer, .response, [.name]),
        SampleFetch("res.fhdr", .string, .response, [.name, .integer]),
        SampleFetch("res.fhdr_cnt", .integer, .response, [.name]),
        SampleFetch("res.hdr", .string, .response, [.name, .integer]),
        SampleFetch("res.hdr_cnt", .integer, .response, [.name]),
        SampleFetch("res.hdr_ip", .address, .response, [.name, .integer]),
        SampleFetch("res.hdr_names", .string, .response, [.text]),
        SampleFetch("res.hdr_val", .integer, .response, [.name, .integer]),
        SampleFetch("res.ver", .string, .response),
        SampleFetch("status", .integer, .response),
    ]
}
