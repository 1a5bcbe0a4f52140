import Testing

@testable import Controller

@Suite struct AdminServerTests {
    @Test(
        "Only clients on the same host see the configuration",
        arguments: [
            ("127.0.0.1", true), ("127.3.2.1", true), ("::1", true), ("::ffff:127.0.0.1", true), ("10.1.2.3", false),
            ("12.7.0.1", false), ("::ffff:10.1.2.3", false), ("fd00::1", false), ("::127.0.0.1", false), ("", false),
        ])
    func loopback(address: String, isLoopback: Bool) {
        #expect(AdminServer.isLoopback(address) == isLoopback)
    }
}
