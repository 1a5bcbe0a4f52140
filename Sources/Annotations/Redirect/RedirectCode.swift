import Core

/// A status that sends the client elsewhere (RFC 9110, section 15.4), as far as HAProxy can answer with it.
enum RedirectCode: Int, CaseIterable, Hashable, Sendable {
    case movedPermanently = 301
    case found = 302
    case seeOther = 303
    case temporaryRedirect = 307
    case permanentRedirect = 308

    /// Redirects with any code, so that a changed code is a changed map entry: what `variable` holds, when it holds anything,
    /// begins with the one that applies.
    static func exit(backend: String, location: String, code variable: String) -> FrontendExit {
        FrontendExit(
            backend: backend, condition: "{ var(\(raw: variable)) -m found }",
            lines: allCases.map { code in
                """
                http-request redirect code \(code.rawValue) location \(raw: location) \
                if { var(\(raw: variable)) -m int \(code.rawValue) }
                """
            })
    }
}

extension ValueType where Value == RedirectCode {
    static let redirectCode = ValueType(
        name: "301 | 302 | 303 | 307 | 308", expected: "301, 302, 303, 307 or 308", example: "301"
    ) { text in
        guard let code = RedirectCode.allCases.first(where: { String($0.rawValue) == text }) else {
            throw ValueError("is not the status of a redirect")
        }
        return code
    }
}
