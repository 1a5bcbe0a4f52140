import Testing

@testable import Core

@Suite struct DigestTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ]) func `SHA-256 gives the digests of FIPS 180-4`(_ text: String, _ digest: String) {
        #expect(StableID.hexadecimal(Digest.sha256(text.utf8)) == digest)
    }

    @Test func `A stable id is sixteen hexadecimal digits and never changes`() {
        // Names of files and backends hold ids: another value would be a reload for everybody who upgrades.
        #expect(StableID.make("shop", "web") == "dcc20a2cd637dd82")
        #expect(StableID.make(["shop", "web"]) == StableID.make("shop", "web"))
    }

    @Test func `Parts that only look alike when joined have different ids`() {
        let ids = [
            StableID.make("ab", "c"), StableID.make("a", "bc"), StableID.make("abc"), StableID.make("ab", "c", ""),
            StableID.make("", "abc"), StableID.make("2:ab1:c"), StableID.make([]), StableID.make(""), StableID.make("é"),
            StableID.make("e\u{301}"),
        ]
        #expect(Set(ids).count == ids.count)
    }
}
