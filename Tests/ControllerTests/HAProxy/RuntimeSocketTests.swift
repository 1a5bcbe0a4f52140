import Foundation
import Testing

@testable import Controller

@Suite(.timeLimit(.minutes(5)))
struct RuntimeSocketTests {
    @Test("Map keys and values with special characters arrive as they were meant")
    func escaping() async throws {
        let bench = try HAProxyBench()
        let values = [
            "two words", "semi;colon", "back\\slash", "end\\", "\"quoted\"", "'single'", "#hash", "a;show info", "<<", "x<<",
            "x <<", "a\\ b", "%[src]", "$HOME", "ünïcode", "tab\there", "*", "\\;", "a  b", " leading", "@1", "{}[]()&|",
        ]
        try await bench.withHAProxy { haproxy in
            let socket = bench.runtime
            for value in values {
                try await socket.perform(RuntimeCommand("clear map", [bench.hostMap]))
                try await socket.perform(RuntimeCommand("add map", [bench.hostMap, "key", value]))
                let entries = try await socket.showMap(bench.hostMap)
                #expect(
                    entries.count == 1 && entries.first?.key == "key" && entries.first?.value == value, "\(value): \(entries)")
            }
            for key in values where !key.contains(" ") && !key.contains("\t") {
                try await socket.perform(RuntimeCommand("clear map", [bench.hostMap]))
                try await socket.perform(RuntimeCommand("add map", [bench.hostMap, key, "old"]))
                // `set map` and `del map` read a leading # as a reference to an entry.
                if !key.hasPrefix("#") { try await socket.perform(RuntimeCommand("set map", [bench.hostMap, key, "new"])) }
                let entries = try await socket.showMap(bench.hostMap)
                #expect(entries.map(\.key) == [key])
                if !key.hasPrefix("#") { try await socket.perform(RuntimeCommand("del map", [bench.hostMap, key])) }
            }
        }
    }

    @Test(
        "What cannot be said on one line is refused before it is sent",
        arguments: ["", "a\nb", "a\rb", "nul\0", "\u{7f}", "\u{1b}["])
    func refusedArguments(_ argument: String) {
        #expect(throws: RuntimeCommandError.self) { try RuntimeCommand("add map", ["m", "k", argument]) }
    }

    @Test("A payload keeps its lines, without blank ones that would end it early")
    func payloads() throws {
        let command = try RuntimeCommand("set ssl cert", ["x.pem"], payload: "one\r\n\n\ntwo\n\nthree")
        #expect(command.text == "set ssl cert x.pem <<\none\ntwo\nthree\n\n")
    }

    @Test("Each command of a batch gets its own answer, whatever its neighbours say")
    func batch() async throws {
        let bench = try HAProxyBench()
        try await bench.withHAProxy { _ in
            let map = bench.hostMap
            let answers = try await bench.runtime.send(batch: [
                try RuntimeCommand("add map", [map, "k", "v"]),
                try RuntimeCommand("set map", [map, "absent", "v"]),
                try RuntimeCommand("add map", [map], payload: "p1 v;1\np2 v\\2 with spaces\n"),
                try RuntimeCommand("nonsense"),
                try RuntimeCommand("get map", [map, "p2"]),
                try RuntimeCommand("del server", ["pods/absent"]),
                try RuntimeCommand("del ssl cert", ["/absent.pem"]),
                try RuntimeCommand("show map", [map]),
            ])
            #expect(answers.count == 8)
            #expect(answers[0].isEmpty && answers[2].isEmpty)
            #expect(answers[1] == "entry not found.")
            #expect(answers[3].hasPrefix("Unknown command"))
            #expect(answers[4].contains(#"value="v\2 with spaces""#))
            #expect(answers[5] == "No such server.")
            #expect(answers[6].contains("doesn't exist!"))
            #expect(answers[7].split(separator: "\n").count == 4)
            let refusals = try await bench.runtime.perform(batch: [
                try RuntimeCommand("set map", [map, "k", "w"]), try RuntimeCommand("del map", [map, "absent"]),
            ])
            #expect(refusals.map(\.index) == [1] && refusals.first?.answer == "Key not found.")
        }
    }

    @Test("Thousands of entries go into a map in one call and replace the old ones at once")
    func manyEntries() async throws {
        let bench = try HAProxyBench()
        try await bench.withHAProxy { _ in
            let socket = bench.runtime
            let entries = (0..<5000).map { (key: "host\($0).example.com", value: "backend\($0) with;words\\") }
            let single = try entries.map { try RuntimeCommand("add map", [bench.hostMap, $0.key, $0.value]) }
            let started = ContinuousClock.now
            #expect(try await socket.perform(batch: single).isEmpty)
            #expect(ContinuousClock.now - started < .seconds(30))
            #expect(try await socket.showMap(bench.hostMap).count == 5001)

            let version = try await socket.perform(RuntimeCommand("prepare map", [bench.hostMap]))
            let number = try #require(version.split(separator: " ").last.flatMap { Int($0) })
            let bulk = try RuntimeCommand.addToMap(bench.hostMap, version: number, entries: entries + [("spaced key", "v")])
            #expect(bulk.count < 30)
            #expect(bulk.allSatisfy { $0.text.utf8.count <= RuntimeSocket.defaultSizeLimit })
            let commit = try RuntimeCommand("commit map", ["@\(number)", bench.hostMap])
            #expect(try await socket.perform(batch: bulk + [commit]).isEmpty)
            let shown = try await socket.showMap(bench.hostMap)
            #expect(shown.count == 5001)
            #expect(zip(shown, entries).allSatisfy { $0.key == $1.key && $0.value == $1.value })
        }
    }

    @Test("Many commands of the largest size do not hurt HAProxy, larger ones are not sent")
    func sizeLimit() async throws {
        let bench = try HAProxyBench()
        try await bench.withHAProxy { haproxy in
            let socket = bench.runtime
            let value = String(repeating: "v", count: socket.sizeLimit - 20 - bench.hostMap.utf8.count)
            let line = try RuntimeCommand("add map", [bench.hostMap, "long", value])
            let payload = try RuntimeCommand("add map", [bench.hostMap], payload: "long \(value.dropLast(5))\n")
            let worker = try await haproxy.workers()
            #expect(try await socket.perform(batch: Array(repeating: line, count: 20)).isEmpty)
            #expect(try await socket.perform(batch: Array(repeating: payload, count: 20)).isEmpty)
            #expect(try await socket.showMap(bench.hostMap).count == 41)
            let large = try RuntimeCommand("add map", [bench.hostMap, "long", value + value])
            await #expect(throws: RuntimeSocketError.self) { try await socket.send(large) }
            #expect(try await haproxy.workers().map(\.pid) == worker.map(\.pid))
        }
    }

    @Test("A socket that nobody serves is unreachable")
    func unreachable() async throws {
        let socket = RuntimeSocket(path: "/tmp/haproxy-test-nobody.sock", timeout: .seconds(1))
        let command = try RuntimeCommand("show info")
        await #expect {
            try await socket.send(command)
        } throws: { error in
            if case .unreachable = error as? RuntimeSocketError { true } else { false }
        }
    }
}
