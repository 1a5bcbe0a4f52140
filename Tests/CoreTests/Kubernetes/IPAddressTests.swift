import Foundation
import TestSupport
import Testing

@testable import Core

@Suite("Addresses")
struct IPAddressTests {
    /// What the C library makes of a text, which for it ends at a NUL.
    private static func reference(_ text: String) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 { return withUnsafeBytes(of: v4) { Array($0) } }
        var v6 = in6_addr()
        if inet_pton(AF_INET6, text, &v6) == 1 { return withUnsafeBytes(of: v6) { Array($0) } }
        return nil
    }

    private static func referenceText(_ bytes: [UInt8]) -> String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 16 ? AF_INET6 : AF_INET
        _ = bytes.withUnsafeBytes { inet_ntop(family, $0.baseAddress, &buffer, socklen_t(buffer.count)) }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test("are read as inet_pton reads them, random and hostile texts alike, and written as inet_ntop writes them")
    func reading() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var read = 0
        for round in 0..<40_000 {
            let text: String
            switch round % 4 {
            case 0:
                let characters = Array("0123456789abcdefF:.%x ")
                text = String(
                    (0..<Int.random(in: 0...20, using: &random)).map { _ in characters.randomElement(using: &random) ?? "0" })
            case 1:
                let parts = ["0", "1", "10", "255", "256", "01", "", "127", "300", "0x7f", "1\0", "٣", "+1", "-1"]
                text = (0..<Int.random(in: 3...5, using: &random)).map { _ in
                    parts[min(parts.count - 1, Int.random(in: 0...20, using: &random) % parts.count)]
                }.joined(separator: ".")
            case 2:
                let parts = ["0", "1", "", "ffff", "FFFF", "00001", "12345", "g", "0", "0", "1.2.3.4", "fe80"]
                text = (0..<Int.random(in: 1...9, using: &random)).map { _ in parts.randomElement(using: &random) ?? "0" }
                    .joined(separator: ":")
            default:
                var bytes = (0..<(Bool.random(using: &random) ? 4 : 16)).map { _ in
                    Bool.random(using: &random) ? UInt8.random(in: .min ... .max, using: &random) : 0
                }
                if bytes.count == 16, round % 8 == 3 {
                    bytes.replaceSubrange(0..<12, with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
                }
                text = Self.referenceText(bytes)
                #expect(IPAddress(bytes: bytes)?.description == text, "seed \(seed)")
            }
            let expected = Self.reference(text)
            let address = IPAddress(text)
            #expect(address?.bytes == expected, "\(text.debugDescription), seed \(seed)")
            if let address {
                read += 1
                #expect(IPAddress(address.description) == address, "\(text), seed \(seed)")
            }
        }
        #expect(read > 8_000)
    }

    @Test(
        "are nothing that only resembles them",
        arguments: [
            "", "127.0.0.300", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.1\0.evil", "127.0.0.1 ", " ::1",
            "[::1]",
            "fe80::1%eth0", "::1%lo", "1.2.3.4/32", "1.2.3.4:80", "localhost", "１.2.3.4", "::ffff:1.2.3.4.5", ":::", "1::2::3",
            String(repeating: "1", count: 100_000), "0:0:0:0:0:0:0:0:0",
        ])
    func others(_ text: String) {
        #expect(IPAddress(text) == nil)
        #expect(IPNetwork(text) == nil || text.contains("/"))
    }

    @Test(
        "of this host and its link are known in every spelling",
        arguments: [
            ("127.0.0.1", true), ("127.255.255.255", true), ("::1", true), ("0:0:0:0:0:0:0:1", true), ("::ffff:127.0.0.1", true),
            ("::ffff:7f00:1", true), ("169.254.169.254", true), ("::ffff:a9fe:a9fe", true), ("fe80::1", true), ("febf::1", true),
            ("128.0.0.1", false), ("126.255.255.255", false), ("10.0.0.1", false), ("fec0::1", false), ("fd00::1", false),
            ("::2", false),
        ])
    func local(_ text: String, _ isLocal: Bool) throws {
        #expect(try #require(IPAddress(text)).isIn(IPAddress.local) == isLocal)
    }

    @Test(
        "that no server can have are known",
        arguments: [
            ("0.0.0.0", true), ("0.1.2.3", true), ("::", true), ("::ffff:0.0.0.0", true), ("224.0.0.1", true), ("ff02::1", true),
            ("255.255.255.255", true), ("1.0.0.0", false), ("223.255.255.255", false), ("::1", false),
        ])
    func unusable(_ text: String, _ isUnusable: Bool) throws {
        #expect(try #require(IPAddress(text)).isIn(IPAddress.unusable) == isUnusable)
    }
}
