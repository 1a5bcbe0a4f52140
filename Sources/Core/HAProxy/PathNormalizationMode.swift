/// How the paths of a host's requests are spelled before routes are chosen by them.
public enum PathNormalizationMode: String, Hashable, Sendable, CaseIterable {
    /// What RFC 3986, section 6.2.2, calls equivalent has one spelling: `/%61dmin`, `/./admin` and `/x/../admin` are `/admin`.
    case safe
    /// Beside that what many pods take for equivalent: `//admin` and `/admin;x` are `/admin` too. Paths with encoded slashes,
    /// backslashes or NULs, which pods disagree about, are refused.
    case full

    /// The rules of both, which run between the look-up of the host and that of the path. `txn.normalization` holds the mode.
    static let rules: [Directive] = {
        let isPath = "{ path -m beg / }"
        let any = "if { var(txn.normalization) -m found } \(isPath)"
        let full = "if { var(txn.normalization) -m str \(PathNormalizationMode.full.rawValue) } \(isPath)"
        return [
            "http-request normalize-uri fragment-strip \(raw: any)",
            // A broken escape, which could become another one, is answered 400.
            "http-request normalize-uri percent-decode-unreserved strict \(raw: any)",
            "http-request normalize-uri percent-to-uppercase strict \(raw: any)",
            "http-request deny deny_status 400 \(raw: full) { path -m sub -- %2F %5C %00 \("\\") }",
            "http-request set-path \("%[path,regsub(;[^/]*,,g)]") \(raw: full) { path -m sub -- \(";") }",
            "http-request normalize-uri path-merge-slashes \(raw: full)",
            "http-request normalize-uri path-strip-dot \(raw: any)",
            "http-request normalize-uri path-strip-dotdot full \(raw: any)",
        ]
    }()
}

/// A wish for ``PathNormalizationMode``.
struct PathNormalizationWish: Hashable, Sendable {
    let mode: PathNormalizationMode
    /// Who is told when the host is another's.
    let origin: Origin
    /// Whether the operator wants it for everybody.
    let isOperators: Bool
}

extension PathNormalizationMode {
    /// The path as HAProxy makes it of the one in a request; nil where HAProxy answers 400.
    ///
    /// - Parameter path: without query.
    public func normalized(_ path: String) -> String? {
        guard path.hasPrefix("/") else { return path }
        guard var bytes = Self.decodingUnreserved(Array(path.utf8.prefix { $0 != UInt8(ascii: "#") })) else { return nil }
        if self == .full {
            let text = String(decoding: bytes, as: UTF8.self)
            guard !["%2F", "%5C", "%00", "\\"].contains(where: text.contains) else { return nil }
        }
        var elements = bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
        if self == .full {
            elements = elements.map { Array($0.prefix { $0 != UInt8(ascii: ";") }) }
            let last = elements.last ?? []
            elements = elements.dropLast().filter { !$0.isEmpty } + [last]
        }
        bytes = Self.resolvingDots(elements)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Returns: nil for a `%` without two hexadecimal digits behind it.
    private static func decodingUnreserved(_ bytes: [UInt8]) -> [UInt8]? {
        var decoded: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return nil }
            rest = rest.dropFirst(2)
            let scalar = UnicodeScalar(value)
            if scalar.isASCII,
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil || "-._~".utf8.contains(value)
            {
                decoded.append(value)
            } else {
                decoded += Array("%\(String(decoding: digits, as: UTF8.self).uppercased())".utf8)
            }
        }
        return decoded
    }

    private static func resolvingDots(_ elements: [[UInt8]]) -> [UInt8] {
        var kept: [[UInt8]] = []
        for (index, element) in elements.enumerated() {
            let isLast = index == elements.count - 1
            switch String(decoding: element, as: UTF8.self) {
            case ".": if isLast { kept.append([]) }
            case "..":
                if !kept.isEmpty { kept.removeLast() }
                if isLast { kept.append([]) }
            default: kept.append(element)
            }
        }
        return Array("/".utf8) + Array(kept.joined(separator: "/".utf8))
    }
}
