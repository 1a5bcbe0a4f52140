import Logging
import Testing

@testable import Controller

@Suite struct HAProxyLinesTests {
    @Test(arguments: [
        ("[ALERT]    (9) : config : parsing [haproxy.cfg:2] : unknown keyword 'foo'", Logger.Level.error),
        ("[WARNING]  (9) : Server shop_svc_web_http/10.0.0.1:8080 is DOWN, reason: Layer4 timeout", .warning),
        ("[ALERT]    (9) : backend 'shop_svc_web_http' has no server available!", .warning),
        ("[NOTICE]   (9) : New worker (10) forked", .debug), ("something else", .info),
        // What the controller's own commands lead to.
        ("[ALERT]    (9) : backend 'spare_1' has no server available!", .debug),
        ("[WARNING]  (9) : CLI : Server spare_1/10.0.0.1:8080 is UP/READY (leaving forced maintenance).", .debug),
        ("[WARNING]  (9) : Server a/b is going DOWN for maintenance. 0 active and 0 backup servers left.", .debug),
        ("[WARNING]  (9) : Server a/b enters drain state. 1 sessions active", .debug),
        ("[WARNING]  (9) : Server a/b is UP (leaving forced drain).", .debug),
        ("[WARNING]  (9) : Proxy shop_svc_web_http stopped (cumulated conns: FE: 0, BE: 2).", .debug),
    ])
    func `What HAProxy writes is logged as what it is to operators`(_ line: String, _ level: Logger.Level) {
        #expect(HAProxyProcess.level(of: line) == level)
    }

    @Test func `A want of open files is told with its numbers`() throws {
        let line = "[ALERT]    (9) : [haproxy.main()] Cannot raise FD limit to 21053, limit is 20000."
        let shortage = try #require(DescriptorShortage(in: ["[NOTICE] (9) : New worker", line]))
        #expect(shortage.needed == "21053" && shortage.available == "20000")
        #expect(DescriptorShortage(line: "[ALERT] (9) : Cannot fork") == nil)
    }
}
