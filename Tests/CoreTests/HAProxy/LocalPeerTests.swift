import Testing

@testable import Core

@Suite struct LocalPeerTests {
    @Test(arguments: [
        ("stick-table type ip size 1m", "stick-table peers localinstance type ip size 1m"),
        ("stick-table\ttype ip size 1m # note", "stick-table peers localinstance type ip size 1m # note"),
        ("stick-table type ip size 1m peers localinstance", "stick-table type ip size 1m peers localinstance"),
        ("stick-table type ip size 1m peers mine", "stick-table type ip size 1m peers mine"),
        ("stick-tables type ip", "stick-tables type ip"),
        ("http-request track-sc0 src table t", "http-request track-sc0 src table t"),
    ])
    func `A table of a snippet has the local peer unless it names peers itself`(_ line: String, _ kept: String) {
        #expect(LocalPeer.keeping(line) == kept)
    }
}
