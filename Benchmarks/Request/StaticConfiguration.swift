import BenchmarkSupport

/// What somebody would write who has one route and no controller.
enum StaticConfiguration {
    /// - Parameters:
    ///   - generated: a configuration of the controller, whose global settings and defaults are taken over, with them the format
    ///     of log lines, which show the host.
    ///   - makesLogLines: false for what somebody writes who knows that no target takes the lines of requests.
    static func text(of site: Site, port: Int, like generated: String, makesLogLines: Bool) -> String {
        let common = generated.components(before: "\nfrontend ").split(separator: "\n", omittingEmptySubsequences: false).filter {
            line in
            !["default-path", "stats socket", "pidfile", "#"].contains {
                line.trimmingPrefix(while: \.isWhitespace).hasPrefix($0)
            }
        }
        let origin = "https://app-\(site.index).example.com"
        let servers = site.addresses.enumerated().map { "  server pod-\($0) \($1):\(site.podPort)" }
        return common.joined(separator: "\n") + """

            frontend http
              bind 127.0.0.1:\(port)
            \(makesLogLines ? "" : "  http-request set-log-level silent")
              acl is_site hdr(host) -i \(site.host)
              acl is_site_port hdr(host) -i \(site.host):1
              acl is_allowed req.fhdr(origin) -m str \(origin)
              http-request set-var(txn.host) hdr(host)
              http-request set-var(txn.origin) req.fhdr(origin) if is_allowed
              http-request track-sc2 src table limits
              http-request deny deny_status 403 if { sc_http_req_rate(2) gt \(10_000_000 + site.index) }
              http-request redirect code 302 location http://\(site.host)%[pathq] if is_site_port
              http-request set-header X-Site \(site.name)
              http-after-response set-header Access-Control-Allow-Origin \(origin) if { var(txn.origin) -m found }
              http-after-response set-header Access-Control-Allow-Methods * if { var(txn.origin) -m found }
              http-after-response set-header Access-Control-Allow-Headers * if { var(txn.origin) -m found }
              http-after-response set-header Access-Control-Max-Age 5 if { var(txn.origin) -m found }
              http-after-response add-header Vary Origin
              http-after-response set-header X-Answer \(site.name)
              use_backend site if is_site { path_beg / }
              default_backend none
            backend none
              http-request deny deny_status 404
            backend limits
              stick-table type ip size 102400 expire 1s store http_req_rate(1s)
            backend site
              balance roundrobin
              option forwardfor
            \(servers.joined(separator: "\n"))

            """
    }
}

extension String {
    fileprivate func components(before separator: String) -> String {
        firstRange(of: separator).map { String(self[..<$0.lowerBound]) } ?? self
    }
}
