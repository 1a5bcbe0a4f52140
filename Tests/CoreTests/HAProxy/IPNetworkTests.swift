import Testing

@testable import Core

@Suite struct IPNetworkTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8"), ("10.1.2.3", "10.1.2.3"), ("10.1.2.3/8", "10.0.0.0/8"), ("10.1.2.3/32", "10.1.2.3"),
        ("0.0.0.0/0", "0.0.0.0/0"), ("255.255.255.255/1", "128.0.0.0/1"), ("192.168.1.129/25", "192.168.1.128/25"),
        ("2001:db8::/32", "2001:db8::/32"), ("2001:DB8:0:0::1", "2001:db8::1"), ("2001:db8:ffff::/33", "2001:db8:8000::/33"),
        ("::/0", "::/0"), ("::1/128", "::1"), ("fe80::1%eth0", ""), ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
    ]) func `A network is read in CIDR notation and written with its host bits cleared`(_ text: String, _ written: String) {
        #expect(IPNetwork(text)?.description ?? "" == written)
    }

    @Test(arguments: [
        "", "/", "/8", "10", "10.0", "10.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
        "10.0.0.0/a", "10.0.0.0/ 8", " 10.0.0.0", "10.0.0.0 ", "256.0.0.1", "10.0.0.1.", "1.2.3.4.5", "::/129", ":::", "g::",
        "10.0.0.0/255.0.0.0", "[::1]", "localhost", "*", "10.0.0.1\u{0}", "0x0a.0.0.1", "10.0.0.0/٨",
        "10.0.0.0/99999999999999999999",
    ]) func `Anything else is not a network`(_ text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test(
        arguments: [
            ("10.0.0.0/8", ["4:0A"]), ("10.1.2.3", ["4:0A010203"]), ("0.0.0.0/0", ["4:"]), ("128.0.0.0/1", 8..<16),
            ("10.32.0.0/11", 2..<4), ("::/0", ["6:"]), ("2001:db8::/32", ["6:20010DB8"]),
        ] as [(String, any Collection & Sendable)])
    func `A network is as many key prefixes as its last hexadecimal digit has values`(
        _ text: String, _ expected: any Collection & Sendable
    ) throws {
        let network = try #require(IPNetwork(text))
        if let prefixes = expected as? [String] {
            #expect(network.hexPrefixes == prefixes)
        } else if let digits = expected as? Range<Int> {
            let whole = String(network.hexPrefixes.first?.dropLast() ?? "")
            #expect(network.hexPrefixes == digits.map { whole + String($0, radix: 16, uppercase: true) })
        }
    }

    @Test func `Equal networks are equal however they are written`() {
        #expect(IPNetwork("10.1.2.3/8") == IPNetwork("10.0.0.0/8"))
        #expect(IPNetwork("2001:db8:0::1") == IPNetwork("2001:DB8::1/128"))
        #expect(IPNetwork("10.0.0.0/8") != IPNetwork("10.0.0.0/9"))
        #expect(IPNetwork("0.0.0.0/0") != IPNetwork("::/0"))
    }
}
