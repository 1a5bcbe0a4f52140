import Core
import Testing

/// Every key that people know from HAProxy's ingress controllers, and what it promises: a change of the list is a change for users.
enum Catalogue {
    struct Entry: Sendable, CustomTestStringConvertible {
        let name: String
        let meaning: Meaning
        var testDescription: String { name }
    }

    enum Meaning: Sendable {
        /// The default is nil where nothing happens without the key, and empty where it takes several words to tell.
        case key(scopes: Set<Scope>, update: UpdatePath, defaultValue: String?)
        case olderName(of: String)
    }

    static let entries: [Entry] = text.split(separator: "\n").compactMap { line in
        let parts = line.split(separator: ":", maxSplits: 1).map(trimmed)
        guard parts.count == 2 else { return nil }
        if parts[1].hasPrefix("= ") { return Entry(name: parts[0], meaning: .olderName(of: String(parts[1].dropFirst(2)))) }
        let fields = parts[1].split(separator: ",", maxSplits: 2).map(trimmed)
        let letters: [Character: Scope] = ["C": .configMap, "I": .ingress, "S": .service]
        guard fields.count >= 2, let update = UpdatePath(rawValue: fields[1]) else { return nil }
        let word = fields.count > 2 ? fields[2] : nil
        return Entry(
            name: parts[0],
            meaning: .key(
                scopes: Set(fields[0].compactMap { letters[$0] }), update: update, defaultValue: word == "(words)" ? "" : word))
    }

    private static func trimmed(_ text: Substring) -> String { text.split(separator: " ").joined(separator: " ") }

    /// `KEY: SCOPES, HOW A CHANGE ARRIVES, DEFAULT` or `OLDER NAME: = KEY`. The scopes are C(onfigMap), I(ngress) and S(ervice).
    private static let text = """
        abortonclose: CIS, reload, false
        allow-list: CI, map
        auth-realm: CI, reload, Protected Content
        auth-secret: CI, reload
        auth-type: CI, reload
        backend-config-snippet: CIS, reload
        blacklist: = deny-list
        check: CIS, reload, true
        check-http: CIS, reload
        check-interval: CIS, reload
        clean-certs: C, runtime, true
        client-ca: C, reload
        client-crt-optional: C, reload, false
        client-strict-sni: C, reload, false
        cookie-persistence: CIS, reload
        cookie-persistence-no-dynamic: CIS, reload
        cors-allow-credentials: CI, map, false
        cors-allow-headers: CI, map, *
        cors-allow-methods: CI, map, *
        cors-allow-origin: CI, map, *
        cors-enable: CI, map, false
        cors-max-age: CI, map, 5s
        cors-respond-to-options: CI, map, false
        deny-list: CI, map
        dontlognull: C, reload, true
        forwarded-for: CIS, reload, true
        frontend-config-snippet: C, reload
        generate-certificates-signer: C, reload
        global-config-snippet: C, reload
        hard-stop-after: C, reload, 30m
        http-connection-mode: C, reload, http-keep-alive
        http-keep-alive: C, reload, true
        http-server-close: C, reload, false
        ingress.class: I, map
        load-balance: CIS, reload, roundrobin
        log-format: C, reload, (words)
        log-format-tcp: C, reload, tcplog
        logasap: C, reload, false
        maxconn: C, runtime
        nbthread: C, reload, (words)
        path-normalization: CI, map, off
        path-rewrite: CI, reload
        pod-maxconn: CIS, runtime
        prometheus-endpoint-auth-secret: C, runtime
        proxy-protocol: C, map
        quic-alt-svc-max-age: C, reload, 60
        rate-limit-period: CI, map, 1s
        rate-limit-requests: CI, map
        rate-limit-size: CI, reload, 100k
        rate-limit-status-code: CI, map, 403
        rate-limit-whitelist: CI, map
        request-capture: CI, reload
        request-capture-len: CI, reload, 128
        request-header-names: C, reload, strict
        request-redirect: CI, map
        request-redirect-code: CI, map, 302
        request-set-header: CI, map
        response-set-header: CI, map
        route-acl: S, reload
        scale-server-slots: CIS, reload, 42
        send-proxy-protocol: CIS, runtime
        server-ca: CIS, runtime
        server-crt: CIS, runtime
        server-proto: CIS, runtime
        server-slots: = scale-server-slots
        server-ssl: CIS, runtime, false
        servers-increment: = scale-server-slots
        set-host: CI, map
        src-ip-header: CI, map
        ssl-certificate: C, runtime
        ssl-passthrough: CIS, reload, false
        ssl-redirect: CI, map, (words)
        ssl-redirect-code: CI, map, 302
        ssl-redirect-port: CI, map, 443
        standalone-backend: IS, reload, false
        stats-config-snippet: C, reload
        syslog-server: C, reload, (words)
        timeout-check: CIS, reload
        timeout-client: C, reload, 50s
        timeout-client-fin: C, reload
        timeout-connect: CIS, reload, 5s
        timeout-http-keep-alive: C, reload, 1m
        timeout-http-request: C, reload, 5s
        timeout-queue: CIS, reload, 5s
        timeout-server: CIS, reload, 50s
        timeout-server-fin: CIS, reload
        timeout-tunnel: CIS, reload, 1h
        tls-alpn: C, reload, h2,http/1.1
        upgrade-protocols: C, reload, websocket
        whitelist: = allow-list
        """
}
