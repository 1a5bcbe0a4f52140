import TestSupport
import Testing

@testable import Controller

@Suite struct ListenerFailureTests {
    @Test("The frontend and the address are read from HAProxy's words")
    func words() {
        let lines = [
            "[NOTICE]   (9) : haproxy version is 2.6.12",
            "[ALERT]    (9) : Binding [/etc/haproxy.cfg:18] for frontend tcp-5432: cannot bind socket (Address already in use) for [127.0.0.1:5432]",
            "[ALERT]    (9) : Binding [/etc/haproxy.cfg:19] for frontend tcp-5432: cannot bind socket (Permission denied) for [:::5432]",
            "[ALERT]    (9) : Starting frontend http: cannot bind socket [0.0.0.0:80]",
            "[ALERT]    (9) : Binding [/etc/haproxy.cfg:20] for frontend new: protocol tcpv4: cannot bind socket (Address already in use) for [127.0.0.1:6432].",
            "[ALERT]    (9) : [haproxy.main()] Some protocols failed to start their listeners! Exiting.",
            "[ALERT]    (9) : config : parsing [haproxy.cfg:3] : 'bind' : frontend x: no address",
        ]
        let failures = ListenerFailure.all(in: lines)
        #expect(failures.map(\.frontend) == ["tcp-5432", "tcp-5432", "http", "new"])
        #expect(failures.last?.reason == "cannot bind socket (Address already in use) for [127.0.0.1:6432].")
        #expect(failures.first?.reason == "cannot bind socket (Address already in use) for [127.0.0.1:5432]")
    }

    @Test("An address is over with when nobody has it any more", arguments: ["127.0.0.1", "0.0.0.0"])
    func over(address: String) throws {
        let held = try HeldPort()
        let line =
            "[ALERT]    (9) : Binding [a:1] for frontend x: cannot bind socket (Address already in use) for [\(address):\(held.port)]"
        let failure = try #require(ListenerFailure(line: line))
        #expect(failure.isOver == false)
        held.release()
        #expect(failure.isOver == true)
        #expect(try #require(ListenerFailure(line: line.replacing(":\(held.port)", with: ""))).isOver == nil)
    }
}
