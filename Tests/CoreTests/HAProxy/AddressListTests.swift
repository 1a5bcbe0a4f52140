import TestSupport
import Testing

@testable import Core

@Suite struct AddressListTests {
    /// What `txn.source` holds for a client (``FrontendRules/source``).
    private static func key(of address: [UInt8]) -> String {
        let digits = address.map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
        return (address.count == 4 ? "4:" : "6:") + digits
    }

    private static func holds(_ network: IPNetwork, _ address: [UInt8]) -> Bool {
        guard network.bytes.count == address.count else { return false }
        return (0..<network.prefixLength).allSatisfy { bit in
            let mask = UInt8(0x80) >> UInt8(bit % 8)
            return network.bytes[bit / 8] & mask == address[bit / 8] & mask
        }
    }

    private static func text(_ bytes: [UInt8]) -> String {
        guard bytes.count == 16 else { return bytes.map(String.init).joined(separator: ".") }
        return stride(from: 0, to: 16, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
            .joined(separator: ":")
    }

    @Test func `An entry begins the key of an address exactly when the address is in a network of the list`() throws {
        var random = SeededGenerator()
        for _ in 0..<150 {
            let count = random.chance(60) ? 4 : 16
            // Few different bytes, so that addresses and networks often share their beginnings.
            func bytes(_ random: inout SeededGenerator) -> [UInt8] {
                (0..<count).map { _ in [0, 1, 0x10, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0 }
            }
            let networks = try (0..<Int.random(in: 1...5, using: &random)).map { _ in
                let length =
                    random.chance(50) ? Int.random(in: 0...12, using: &random) : Int.random(in: 0...count * 8, using: &random)
                return try #require(IPNetwork("\(Self.text(bytes(&random)))/\(length)"))
            }
            let list = AddressList(networks)
            let entries = list.entries.map(\.key)
            #expect(entries.allSatisfy { $0.hasPrefix("\(list.id):") })
            for _ in 0..<60 {
                var address = bytes(&random)
                // Near the edge of a network: its own bits, with one flipped now and then.
                if random.chance(70), let network = networks.randomElement(using: &random) {
                    for bit in 0..<network.prefixLength {
                        let mask = UInt8(0x80) >> UInt8(bit % 8)
                        address[bit / 8] = address[bit / 8] & ~mask | network.bytes[bit / 8] & mask
                    }
                    if random.chance(50) {
                        let bit = Int.random(in: 0..<count * 8, using: &random)
                        address[bit / 8] ^= UInt8(0x80) >> UInt8(bit % 8)
                    }
                }
                let key = "\(list.id):\(Self.key(of: address))"
                let expected = networks.contains { Self.holds($0, address) }
                #expect(
                    entries.contains { key.hasPrefix($0) } == expected,
                    "TEST_SEED=\(random.seed): \(Self.text(address)) in \(networks)")
            }
        }
    }

    @Test func `Lists of the same networks share their entries, others do not`() throws {
        let one = try #require(IPNetwork("10.0.0.0/8"))
        let same = try #require(IPNetwork("10.9.9.9/8"))
        let other = try #require(IPNetwork("10.0.0.0/9"))
        #expect(AddressList([one]).id == AddressList([same]).id)
        #expect(AddressList([one]).id != AddressList([other]).id)
        #expect(AddressList([one]).entries.map(\.value) == ["10.0.0.0/8"])
    }

    @Test func `A pattern file holds one network a line, and comments`() throws {
        let text = "# office\n10.0.0.0/8\n\n  192.168.1.7 # printer\r\n2001:db8::/32"
        let networks = try AddressList.networks(inPatternFile: text).map(\.description)
        #expect(networks == ["10.0.0.0/8", "192.168.1.7", "2001:db8::/32"])
        #expect(throws: ValueError.self) { try AddressList.networks(inPatternFile: "10.0.0.0/8\nlocalhost") }
        #expect(try AddressList.networks(inPatternFile: "").isEmpty)
    }
}
