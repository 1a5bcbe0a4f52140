import Foundation

/// What is wrong with a value, without saying where.
struct Violation: Equatable {
    var message: String
    var expected: String?
    var example: String?
    /// Whether API servers take the value all the same: it is HAProxy that cannot use it.
    var isTakenByServers: Bool

    init(_ message: String, expected: String? = nil, example: String? = nil, isTakenByServers: Bool = false) {
        self.isTakenByServers = isTakenByServers
        self.message = message
        self.expected = expected
        self.example = example
    }
}

/// The checks of an API server (Kubernetes documentation, "Object Names and IDs", and API reference), so that what no API server has
/// seen is no worse than what one has let through. Each returns nil for a value that is right.
enum ObjectValidation {
    /// RFC 1123 subdomain: the names of most kinds.
    static func subdomain(_ text: String) -> Violation? {
        if isSubdomain(text) { return nil }
        return Violation(
            "is not an RFC 1123 subdomain",
            expected: "at most 253 lower-case letters, digits, '-' and '.', with a letter or digit at both ends of each part",
            example: example(of: text, isSubdomain) ?? "web.example")
    }

    /// RFC 1123 label: the names of Namespaces, Services and a Service's ports. Services had to begin with a letter before
    /// Kubernetes took KEP-5311 ("Relaxed validation for Services names") in.
    static func label(_ text: String) -> Violation? {
        if isLabel(text) { return nil }
        return Violation(
            "is not an RFC 1123 label",
            expected: "at most 63 lower-case letters, digits and '-', with a letter or digit at both ends",
            example: example(of: text, isLabel) ?? "web-1")
    }

    /// The host of an Ingress rule.
    static func ruleHost(_ text: String) -> Violation? {
        // Nearly all names end with a letter, which no IPv4 address does.
        let mayBeAddress = text.utf8.last.map(isLetter) != true || text.utf8.contains(UInt8(ascii: ":"))
        if mayBeAddress, IPAddress(text) != nil {
            return Violation("is an IP address", expected: "a DNS name", example: "web.example.com")
        }
        return host(text)
    }

    /// A DNS name, or `*.` and one.
    static func host(_ text: String) -> Violation? {
        if isHost(text) { return nil }
        return Violation(
            "is not a DNS name", expected: "a lower-case DNS name, or '*.' and one",
            example: example(of: text, isHost) ?? "web.example.com")
    }

    static func path(_ text: String, type: PathType) -> Violation? {
        if !text.isEmpty || type != .implementationSpecific, text.utf8.first != UInt8(ascii: "/") {
            return Violation("is not an absolute path", expected: "a path that begins with '/'", example: "/\(text)")
        }
        if isPlainPath(text) { return nil }
        // What Kubernetes lets through here would mean something else in a map file of HAProxy.
        let refused = text.unicodeScalars.first {
            $0.value <= 0x20 || $0.value == 0x7F || $0 == "\"" || $0 == "'" || $0 == "\\" || $0.properties.isWhitespace
                || $0.properties.generalCategory == .control
        }
        if refused != nil {
            return Violation(
                "has a space, control character, quote or backslash", expected: "such characters percent-encoded",
                example: "/a%20b", isTakenByServers: true)
        }
        guard type != .implementationSpecific else { return nil }
        for sequence in ["//", "/./", "/../", "%2f", "%2F"] where text.contains(sequence) {
            return Violation("must not contain '\(sequence)'", expected: "a normalised path", example: "/a/b")
        }
        for end in ["/..", "/."] where text.hasSuffix(end) {
            return Violation("must not end with '\(end)'", expected: "a normalised path", example: "/a/b")
        }
        return nil
    }

    static func port(_ number: Int) -> Violation? {
        (1...65535).contains(number) ? nil : Violation("is not a port number", expected: "1 to 65535", example: "8080")
    }

    /// RFC 6335 service name: a container port's name, and how an Ingress names a port.
    static func portName(_ text: String) -> Violation? {
        let bytes = text.utf8
        let isRight =
            (1...15).contains(bytes.count) && bytes.allSatisfy { isAlphanumeric($0) || $0 == dash }
            && bytes.contains(where: isLetter)
            && bytes.first != dash && bytes.last != dash && !text.contains("--")
        if isRight { return nil }
        return Violation(
            "is not a port name",
            expected: "at most 15 lower-case letters, digits and single '-', with at least one letter, no '-' at the ends",
            example: "http")
    }

    /// The name of an ExternalName Service.
    static func externalName(_ text: String) -> Violation? {
        if isSubdomain(text.hasSuffix(".") ? String(text.dropLast()) : text), ExternalTarget(text) != nil { return nil }
        return Violation(
            "is neither a DNS name nor an IPv4 address", expected: "a lower-case DNS name whose last label is no number",
            example: example(of: text) { isSubdomain($0) && ExternalTarget($0) != nil } ?? "api.example.com")
    }

    /// The key of an annotation: a name, with a DNS name and `/` in front or not.
    static func annotationKey(_ text: String) -> Violation? {
        if isQualifiedName(text) { return nil }
        return Violation(
            "is not the key of an annotation",
            expected: "at most 63 letters, digits, '-', '_' and '.', with a DNS name and '/' in front or not",
            example: "haproxy.org/check")
    }

    /// Such as a Service's appProtocol.
    static func qualifiedName(_ text: String) -> Violation? {
        isQualifiedName(text)
            ? nil
            : Violation(
                "is not a qualified name", expected: "a name, with a DNS name and '/' in front or not",
                example: "kubernetes.io/h2c")
    }

    /// The controller of an IngressClass.
    static func controllerName(_ text: String) -> Violation? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let isRight =
            text.utf8.count <= 250 && parts.count == 2 && isSubdomain(String(parts[0])) && !parts[1].isEmpty
            && parts[1].utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\\")
            }
        if isRight { return nil }
        return Violation(
            "is not the name of a controller", expected: "a DNS name, '/' and a path", example: "haproxy.org/ingress-controller")
    }

    /// A key of a ConfigMap or Secret, which becomes a file's name in a pod.
    static func dataKey(_ text: String) -> Violation? {
        let isRight =
            (1...253).contains(text.utf8.count) && text != "." && !text.hasPrefix("..")
            && text.utf8.allSatisfy { isAlphanumeric($0, anyCase: true) || $0 == dash || $0 == dot || $0 == underscore }
        if isRight { return nil }
        return Violation(
            "is not a key of a ConfigMap or Secret", expected: "at most 253 letters, digits, '-', '_' and '.'", example: "tls.crt"
        )
    }
}

extension ObjectValidation {
    private static let dash = UInt8(ascii: "-")
    private static let dot = UInt8(ascii: ".")
    private static let underscore = UInt8(ascii: "_")

    static func isLetter(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }

    private static func isAlphanumeric(_ byte: UInt8, anyCase: Bool = false) -> Bool {
        isLetter(byte) || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
            || (anyCase && byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z"))
    }

    static func isSubdomain(_ text: String) -> Bool { text.utf8.count <= 253 && isDotted(text.utf8) }

    /// Parts of letters, digits and inner dashes, with dots between.
    private static func isDotted(_ bytes: some Collection<UInt8>) -> Bool {
        var previous = dot
        for byte in bytes {
            switch byte {
            case dot: if previous == dot || previous == dash { return false }
            case dash: if previous == dot { return false }
            default: if !isAlphanumeric(byte) { return false }
            }
            previous = byte
        }
        return previous != dot && previous != dash
    }

    private static func isLabel(_ text: String) -> Bool {
        text.utf8.count <= 63 && isDotted(text.utf8) && !text.utf8.contains(dot)
    }

    private static func isHost(_ text: String) -> Bool {
        text.utf8.count <= 253 && isDotted(text.hasPrefix("*.") ? text.dropFirst(2).utf8 : Substring(text).utf8)
    }

    private static func isQualifiedName(_ text: String) -> Bool {
        let slash = text.utf8.firstIndex(of: UInt8(ascii: "/"))
        let name = slash.map { text.utf8[text.utf8.index(after: $0)...] } ?? text.utf8[...]
        guard (1...63).contains(name.count), let first = name.first, let last = name.last, isAlphanumeric(first, anyCase: true),
            isAlphanumeric(last, anyCase: true),
            name.allSatisfy({ isAlphanumeric($0, anyCase: true) || $0 == dash || $0 == dot || $0 == underscore })
        else { return false }
        guard let slash else { return true }
        let prefix = text[..<slash].utf8
        return prefix.count <= 253 && (isDotted(prefix) || isDotted(text[..<slash].lowercased().utf8))
    }

    /// Whether an absolute path has nothing in it that would have to be looked at: true for most paths.
    private static func isPlainPath(_ text: String) -> Bool {
        var previous: UInt8 = 0
        for byte in text.utf8 {
            let slash = UInt8(ascii: "/")
            guard isAlphanumeric(byte, anyCase: true) || byte == dash || byte == underscore || byte == slash && previous != slash
            else { return false }
            previous = byte
        }
        return true
    }

    /// The value in lower case, when that would be right.
    private static func example(of text: String, _ isRight: (String) -> Bool) -> String? {
        let candidate = text.trimmingCharacters(in: .whitespaces).lowercased().replacing("_", with: "-")
        return isRight(candidate) ? candidate : nil
    }
}
