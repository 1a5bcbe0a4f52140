/// How an ACL compares a sample with its values (configuration manual, section 7.1 "ACL basics").
enum MatchMethod: String, CaseIterable, Hashable, Sendable {
    case found, bool, int, ip, bin, len, str, sub, reg, beg, end, dir, dom
    /// The methods of requests, as HAProxy compares `method` without `-m`.
    case method

    /// Those that can follow `-m`.
    static let written = allCases.filter { $0 != .method }
    /// Those that ACLs such as `path_beg` have in their names.
    static let inNames: Set<MatchMethod> = [.beg, .dir, .dom, .end, .len, .reg, .sub]

    /// The method that HAProxy takes for samples of a type; nil where it wants to be told one.
    init?(of type: SampleType) {
        switch type {
        case .boolean: self = .bool
        case .integer: self = .int
        case .address: self = .ip
        case .string: self = .str
        case .method: self = .method
        case .binary, .undefined: return nil
        }
    }

    /// Whether there are values to compare with.
    var takesValues: Bool { self != .found && self != .bool }

    static let operators: Set<String> = ["eq", "ge", "gt", "le", "lt"]

    /// - Throws: ``ValueError`` when this method cannot compare with one of the values.
    func check(_ values: [String]) throws {
        guard takesValues else {
            guard values.isEmpty else {
                throw ValueError("holds \(values[0].quotedForPeople), but the match method \(rawValue) compares with no value")
            }
            return
        }
        guard !values.isEmpty else { throw ValueError("names no value to compare with; write -m found to ask if there is one") }
        if self == .int || self == .len { return try Self.checkNumbers(values) }
        for value in values {
            switch self {
            case .ip where !Self.isNetwork(value):
                throw ValueError("holds \(value.quotedForPeople), which is not an address or network; names are not looked up")
            case .bin where !value.utf8.count.isMultiple(of: 2) || !value.allSatisfy(\.isHexDigit):
                throw ValueError("holds \(value.quotedForPeople), which is not an even number of hexadecimal digits")
            case .reg:
                do { try RegularExpressionBound.check(value) } catch let error as ValueError {
                    throw ValueError("holds \(value.quotedForPeople), which \(error.message)")
                }
            case .method where !value.isToken:
                throw ValueError("holds \(value.quotedForPeople), which is not the method of a request")
            default: break
            }
        }
    }

    /// Numbers, ranges such as `1:9`, and operators, each in front of a number.
    private static func checkNumbers(_ values: [String]) throws {
        var isOperator = false
        for value in values {
            if operators.contains(value), !isOperator {
                isOperator = true
                continue
            }
            let ends = value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let isNumber = ends.allSatisfy { $0.isEmpty ? ends.count == 2 : isWhole($0) } && ends.contains { !$0.isEmpty }
            guard isNumber, !isOperator || ends.count == 1 else {
                throw ValueError("holds \(value.quotedForPeople), which is not a whole number or a range such as 1:9")
            }
            isOperator = false
        }
        guard !isOperator else { throw ValueError("ends with an operator") }
    }

    private static func isWhole(_ text: Substring) -> Bool {
        Int64(text) != nil && text.utf8.first != UInt8(ascii: "+") && text.utf8.count <= 18
    }

    /// An address or network; HAProxy also reads masks that are written as addresses, such as `10.0.0.0/255.0.0.0`.
    private static func isNetwork(_ text: String) -> Bool {
        if IPNetwork(text) != nil { return true }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { IPNetwork(String($0)) }
        return parts.count == 2 && parts.allSatisfy { $0 != nil && $0?.isIPv6 == false } && !text.contains(":")
    }
}
