import Testing

@testable import Core

@Suite struct ReaderLimitsTests {
    @Test(arguments: [256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 1_048_576])
    func `A buffer of any size takes what the limits allow`(size: Int) {
        let limits = ReaderLimits(bufferSize: size)
        // An entry in the file: a blank, a newline and a NUL beside key and value.
        #expect(limits.mapEntry > 0 && limits.mapEntry + 3 < size)
        // At run time each byte may need an escape, beside the command.
        #expect(2 * limits.mapEntry <= limits.command)
        #expect(limits.payload <= limits.command && limits.command < size)
    }

    @Test func `The usual buffer has the limits that are documented`() {
        let limits = ReaderLimits(bufferSize: 16_384)
        #expect((limits.mapEntry, limits.payload, limits.command) == (7168, 14_848, 15_360))
    }

    @Test func `A line of a certificate list that HAProxy does not take at run time takes a load`() {
        var state = DesiredState()
        state.bufferSize = 4096
        let running = RunningState(loaded: state)
        var desired = state
        desired.files["certs/a.pem"] = ConfigurationFile(path: "certs/a.pem", content: [1], kind: .certificate)
        desired.certificateList.entries["certs/a.pem"] = (0..<100).map { "host-\($0)-of-a-name.example.com" }
        guard case .reload(let reasons) = running.difference(to: desired) else {
            Issue.record("no load")
            return
        }
        #expect(reasons.contains { $0.description.contains("certs/a.pem") })
        state.bufferSize = 16_384
        desired.bufferSize = 16_384
        if case .reload = RunningState(loaded: state).difference(to: desired) { Issue.record("a load") }
    }
}
