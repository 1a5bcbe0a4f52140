import Foundation
import TestSupport
import Testing

@testable import Core

@Suite struct ErrorPageTests {
    private static let room = 15_360

    private static func text(_ text: String, code: Int = 503) throws -> String {
        String(decoding: try ErrorPage(code: code, text: text, room: room).content, as: UTF8.self)
    }

    @Test(arguments: [
        ("<h1>Back soon</h1>", "text/html; charset=utf-8"), ("  \n<!DOCTYPE html>", "text/html; charset=utf-8"),
        (#"{"error": "down"}"#, "application/json"), ("[1, 2]\n", "application/json"), ("{not json", "text/plain; charset=utf-8"),
        ("Zurück in Kürze", "text/plain; charset=utf-8"), ("", "text/plain; charset=utf-8"),
        ("http/1.1 503 Down\n\n", "text/plain; charset=utf-8"),
    ])
    func `A body gets a status line and headers`(_ body: String, _ type: String) throws {
        #expect(
            try Self.text(body)
                == "HTTP/1.1 503 Service Unavailable\r\nContent-Type: \(type)\r\nCache-Control: no-cache\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    @Test func `A message keeps its headers and gets the line ends and the length of HTTP`() throws {
        let written = "HTTP/1.0 503 Down for now\nContent-Type: text/plain\nX-Team:\tops\n\nSee you\nlater\n"
        #expect(
            try Self.text(written)
                == "HTTP/1.0 503 Down for now\r\nContent-Type: text/plain\r\nX-Team:\tops\r\nContent-Length: 14\r\n\r\n"
                + "See you\nlater\n")
        let whole = "HTTP/1.1 503 Down\r\nContent-Length: 2\r\n\r\nhi"
        #expect(try Self.text(whole) == whole)
        #expect(
            try Self.text("HTTP/1.1 503\ncontent-length: 2\nContent-Length: 2\n\nhi\n")
                == "HTTP/1.1 503\r\nContent-Length: 2\r\n\r\nhi")
    }

    @Test(arguments: ["HTTP/1.1 521 Web server is down", "HTTP/1.1 200 OK", "HTTP/1.0 302 Found", "HTTP/1.1 999"])
    func `An answer may have another status than the one in whose place it stands`(_ line: String) throws {
        #expect(try Self.text("\(line)\nX-Page: ours\n\nhi") == "\(line)\r\nX-Page: ours\r\nContent-Length: 2\r\n\r\nhi")
    }

    @Test func `An answer whose status has no body keeps none of the line end of a YAML block`() throws {
        #expect(try Self.text("HTTP/1.1 204 Nothing\n\n\n") == "HTTP/1.1 204 Nothing\r\n\r\n")
    }

    private static let malformed = [
        ("HTTP/1.1 503 Down", "no empty line"), ("HTTP/1.1 503 Down\nServer: x\n", "no empty line"),
        ("HTTP/2 503 Down\n\n", "no status line"), ("HTTP/1.1\n\n", "no status line"),
        ("HTTP/1.1  503 Down\n\n", "not a number from 200 to 999"), ("HTTP/1.1 +503 Down\n\n", "not a number from 200 to 999"),
        ("HTTP/1.1 100 Continue\n\n", "not a number from 200"), ("HTTP/1.1 101 Switching Protocols\n\n", "not a number from 200"),
        ("HTTP/1.1 099 x\n\n", "not a number from 200"), ("HTTP/1.1 0503 x\n\n", "not a number from 200"),
        ("HTTP/1.1 1000 x\n\n", "not a number from 200 to 999"),
        ("HTTP/1.1 204 No Content\n\nhi", "which no answer with status 204"),
        ("HTTP/1.1 503 a\u{1}b\n\n", "no status line"),
        ("HTTP/1.1 503 Down\nno header\n\n", "no header"), ("HTTP/1.1 503 Down\n: empty\n\n", "no header"),
        ("HTTP/1.1 503 Down\nX y: a\n\n", "no header"), ("HTTP/1.1 503 Down\nX : a\n\n", "no header"),
        ("HTTP/1.1 503 Down\nX: a\n b\n\n", "no header"), ("HTTP/1.1 503 Down\nX: a\0b\n\n", "no header"),
        ("HTTP/1.1 503 Down\nX: a\rb\n\n", "no header"), ("HTTP/1.1 503 Down\nX: a\u{7f}\n\n", "no header"),
        ("HTTP/1.1 503 Down\nContent-Length: 5\n\nhi", "a body of 2 bytes"),
        ("HTTP/1.1 503 Down\nContent-Length: -2\n\nhi", "a body of 2"),
        ("HTTP/1.1 503 Down\nContent-Length: +2\n\nhi", "a body of 2 bytes"),
        ("HTTP/1.1 503 Down\nContent-Length:\n\nhi", "a body of 2"),
        ("HTTP/1.1 503 Down\nContent-Length: 2\nContent-Length: 3\n\nhi", "two different"),
        ("HTTP/1.1 503 Down\nTransfer-Encoding: chunked\n\n0\r\n\r\n", "Transfer-Encoding"),
        ("HTTP/1.1 503 Down\n\(String(repeating: "X: a\n", count: 101))\n", "101 header lines"),
        (String(repeating: "x", count: room), "HAProxy's buffer holds \(room)"),
    ]

    @Test(arguments: malformed) func `What is no answer, or too long, is refused`(_ text: String, _ reason: String) {
        #expect { try Self.text(text) } throws: { ($0 as? ValueError)?.message.contains(reason) == true }
    }

    @Test(arguments: [0, 201, 402, 414, 505, 599]) func `Codes that HAProxy does not answer itself are refused`(_ code: Int) {
        #expect { try Self.text("body", code: code) } throws: { "\($0)".contains("does not answer itself") }
    }

    @Test func `HAProxy takes every page that is not refused`() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let head = "HTTP/1.1 503 Down\n"
        let hostile = [
            "", "\0", "%[src]\\x00 \u{301}", "'\"\n\r\n", "HTTP", head + "\n", head + "X: ä\u{301}\n\n\0\u{1}\r\n",
            "HTTP/1.1 503 \n\n", "HTTP/1.1 521 Web server is down\n\nx", "HTTP/1.1 200\n\n", "HTTP/1.0 999 x\n\nx",
            "HTTP/1.1 204 x\n\n", "HTTP/1.1 205 x\n\n\n", "HTTP/1.1 304 x\n\n",
            "HTTP/1.1 503 %[env(HOME)]\n\n", head + "Connection: upgrade\nUpgrade: x\n\n", head + "X:\n\n",
            head + String(repeating: "X: a\n", count: 99) + "\n", String(repeating: "x", count: Self.room - 135),
        ]
        var pages = try ErrorPage.codes.keys.map { try ErrorPage(code: $0, text: "down", room: Self.room) }
        pages += (hostile + Self.malformed.map(\.0)).compactMap { try? ErrorPage(code: 503, text: $0, room: Self.room) }
        #expect(pages.count == ErrorPage.codes.count + hostile.count)
        var configuration = ""
        for (number, page) in pages.enumerated() {
            try Data(page.content).write(to: directory.url.appendingPathComponent("\(number).http"))
            configuration += "http-errors page-\(number)\n  errorfile \(page.code) \(number).http\n"
        }
        try Data(configuration.utf8).write(to: directory.url.appendingPathComponent("haproxy.cfg"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["haproxy", "-c", "-C", directory.url.path, "-f", "haproxy.cfg"]
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        // A file without proxies is no configuration; HAProxy has read it all by then.
        #expect(!text.contains("errorfile"), "\(text)")
        #expect(!text.contains("[WARNING]"), "\(text)")
    }
}
