import CCurl
import Foundation

/// One request on its way, with the libcurl handle that carries it.
///
/// Made by the caller, then used by the thread of ``TransferLoop`` alone: that is why it may cross over.
final class Transfer: @unchecked Sendable {
    typealias Body = AsyncThrowingStream<[UInt8], any Error>.Continuation

    let id: UInt64
    private(set) var easy: UnsafeMutableRawPointer?
    private let request: HTTPClient.Request
    private var head: CheckedContinuation<HTTPClient.Head, any Error>?
    private let body: Body
    private var headers: [String: String] = [:]
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var connectTo: UnsafeMutablePointer<curl_slist>?
    private var hostHeader: String?
    private var lastByte = ContinuousClock.now
    private let messageBuffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    init(id: UInt64, request: HTTPClient.Request, head: CheckedContinuation<HTTPClient.Head, any Error>, body: Body) {
        self.id = id
        self.request = request
        self.head = head
        self.body = body
        messageBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit { messageBuffer.deallocate() }

    /// When the server will have been silent for too long.
    var idleDeadline: ContinuousClock.Instant? { request.idleTimeout.map { lastByte + $0 } }

    // MARK: - Beginning

    /// - Returns: whether the transfer is under way; if not it has been ended.
    func begin(multi: UnsafeMutableRawPointer) -> Bool {
        lastByte = .now
        guard let easy = curl_easy_init() else {
            end(with: failure("libcurl has no memory"), multi: multi)
            return false
        }
        self.easy = easy
        let code = configure(easy)
        guard code == CURLE_OK else {
            end(code: code, multi: multi)
            return false
        }
        guard curl_multi_add_handle(multi, easy) == CURLM_OK else {
            end(with: failure("libcurl has no memory"), multi: multi)
            return false
        }
        return true
    }

    private func configure(_ easy: UnsafeMutableRawPointer) -> CURLcode {
        let this = Unmanaged.passUnretained(self).toOpaque()
        var codes = [
            shim_set_pointer(easy, CURLOPT_ERRORBUFFER, messageBuffer),
            shim_set_long(easy, CURLOPT_NOSIGNAL, 1),
            shim_set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https"),
            shim_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS)),
            // Waiting for a connection that can be shared beats opening one for each watch. Without TLS there is no HTTP/2 here, and
            // libcurl would make requests wait for the end of another one, which may be a watch.
            shim_set_long(easy, CURLOPT_PIPEWAIT, request.url.hasPrefix("https:") ? 1 : 0),
            shim_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1),
            shim_set_long(easy, CURLOPT_TCP_KEEPIDLE, 30),
            shim_set_long(easy, CURLOPT_TCP_KEEPINTVL, 15),
            shim_set_user_timeout(easy, 45_000),
            shim_set_long(easy, CURLOPT_FRESH_CONNECT, request.needsNewConnection ? 1 : 0),
            shim_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, 10_000),
            shim_set_text(easy, CURLOPT_CUSTOMREQUEST, request.method),
            shim_set_writer(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, transfer in
                guard let bytes, let transfer else { return 0 }
                let total = size * count
                let buffer = UnsafeRawBufferPointer(start: bytes, count: total)
                Unmanaged<Transfer>.fromOpaque(transfer).takeUnretainedValue().take(body: buffer)
                return total
            },
            shim_set_pointer(easy, CURLOPT_WRITEDATA, this),
            shim_set_writer(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, transfer in
                guard let bytes, let transfer else { return 0 }
                let total = size * count
                let buffer = UnsafeRawBufferPointer(start: bytes, count: total)
                Unmanaged<Transfer>.fromOpaque(transfer).takeUnretainedValue().take(header: buffer)
                return total
            },
            shim_set_pointer(easy, CURLOPT_HEADERDATA, this),
        ]
        if let timeout = request.timeout {
            codes.append(shim_set_long(easy, CURLOPT_TIMEOUT_MS, Int(timeout / .milliseconds(1))))
        }
        if request.acceptsCompression { codes.append(shim_set_text(easy, CURLOPT_ACCEPT_ENCODING, "")) }
        if let proxy = request.proxy { codes.append(shim_set_text(easy, CURLOPT_PROXY, proxy)) }
        if let body = request.body { codes.append(shim_set_body(easy, body, body.count)) }
        codes += configureAddress(easy) + configureTLS(easy) + configureHeaders(easy)
        return codes.first { $0 != CURLE_OK } ?? CURLE_OK
    }

    /// curl asks for the certificate of the URL's host; a different name becomes that host, connected to the real address.
    private func configureAddress(_ easy: UnsafeMutableRawPointer) -> [CURLcode] {
        guard let name = request.tls.serverName, var url = URLComponents(string: request.url), url.scheme == "https",
            let host = url.host
        else { return [shim_set_text(easy, CURLOPT_URL, request.url)] }
        let port = url.port ?? 443
        url.host = name
        connectTo = curl_slist_append(nil, "\(name):\(port):\(host):\(port)")
        hostHeader = "Host: \(host):\(port)"
        return [
            shim_set_text(easy, CURLOPT_URL, url.string ?? request.url), shim_set_list(easy, CURLOPT_CONNECT_TO, connectTo),
        ]
    }

    private func configureTLS(_ easy: UnsafeMutableRawPointer) -> [CURLcode] {
        let tls = request.tls
        var codes: [CURLcode] = []
        if !tls.isVerified {
            codes.append(shim_set_long(easy, CURLOPT_SSL_VERIFYPEER, 0))
            codes.append(shim_set_long(easy, CURLOPT_SSL_VERIFYHOST, 0))
        }
        if let authorities = tls.authorities {
            codes.append(shim_set_blob(easy, CURLOPT_CAINFO_BLOB, authorities, authorities.count))
        }
        if let identity = tls.identity {
            codes.append(shim_set_text(easy, CURLOPT_SSLCERTTYPE, "PEM"))
            codes.append(shim_set_blob(easy, CURLOPT_SSLCERT_BLOB, identity.certificate, identity.certificate.count))
            codes.append(shim_set_text(easy, CURLOPT_SSLKEYTYPE, "PEM"))
            codes.append(shim_set_blob(easy, CURLOPT_SSLKEY_BLOB, identity.key, identity.key.count))
        }
        return codes
    }

    private func configureHeaders(_ easy: UnsafeMutableRawPointer) -> [CURLcode] {
        // curl would ask large bodies' receivers for permission first.
        var lines = ["Expect:"]
        if let hostHeader { lines.append(hostHeader) }
        for (name, value) in request.headers { lines.append("\(name): \(value)") }
        for line in lines { headerList = curl_slist_append(headerList, line) }
        return [shim_set_list(easy, CURLOPT_HTTPHEADER, headerList)]
    }

    // MARK: - Receiving

    private func take(header bytes: UnsafeRawBufferPointer) {
        lastByte = .now
        let line = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if line.hasPrefix("HTTP/") {
            // A further head: after 100, or from behind a proxy's.
            headers = [:]
        } else if let colon = line.firstIndex(of: ":") {
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        } else if line.isEmpty, let status, status >= 200, !isProxyHead {
            deliverHead(status)
        }
    }

    private func take(body bytes: UnsafeRawBufferPointer) {
        lastByte = .now
        if let status { deliverHead(status) }
        body.yield(Array(bytes))
    }

    private func deliverHead(_ status: Int) {
        head?.resume(returning: HTTPClient.Head(status: status, headers: headers))
        head = nil
    }

    private var status: Int? { easy.flatMap { Self.number(CURLINFO_RESPONSE_CODE, of: $0) } }

    /// Whether the head just read is a proxy's answer to CONNECT, behind which the server's own comes.
    private var isProxyHead: Bool {
        guard let easy, let connect = Self.number(CURLINFO_HTTP_CONNECTCODE, of: easy), connect != 0 else { return false }
        return (Self.number(CURLINFO_RESPONSE_CODE, of: easy) ?? 0) == 0
    }

    private static func number(_ info: CURLINFO, of easy: UnsafeMutableRawPointer) -> Int? {
        var value = 0
        return shim_get_long(easy, info, &value) == CURLE_OK ? value : nil
    }

    // MARK: - Ending

    func end(code: CURLcode, multi: UnsafeMutableRawPointer) {
        guard code != CURLE_OK else {
            if let status { deliverHead(status) }
            end(with: nil, multi: multi)
            return
        }
        let detail = String(cString: messageBuffer)
        end(with: failure(detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail), multi: multi)
    }

    func endIdle(multi: UnsafeMutableRawPointer) {
        let limit = request.idleTimeout ?? .zero
        var silence = failure("the server sent nothing for \(limit / .seconds(1)) s")
        silence.isSilence = true
        end(with: silence, multi: multi)
    }

    func end(with error: (any Error)?, multi: UnsafeMutableRawPointer) {
        if let easy {
            curl_multi_remove_handle(multi, easy)
            curl_easy_cleanup(easy)
        }
        easy = nil
        curl_slist_free_all(headerList)
        curl_slist_free_all(connectTo)
        headerList = nil
        connectTo = nil
        head?.resume(throwing: error ?? failure("the server closed the connection without an answer"))
        head = nil
        body.finish(throwing: error)
    }

    private func failure(_ reason: String) -> HTTPClient.Failure {
        HTTPClient.Failure(method: request.method, url: request.url, reason: reason)
    }
}
