import ArgumentParser
import Core
import Foundation
import Testing

@testable import Controller

@Suite("haproxy-ingress annotations")
struct AnnotationsCommandTests {
    private func text(_ arguments: String..., terminal: Terminal = Terminal()) throws -> String {
        try AnnotationsCommand.parse(arguments).text(annotations: ReferenceFixtures.registry(), terminal: terminal)
    }

    @Test("Without a key, all keys are listed by family with scopes and defaults")
    func overview() throws {
        let lines = try text().split(separator: "\n").map(String.init)
        #expect(lines[0] == "KEY             SCOPES  DEFAULT  WHAT IT DOES")
        #expect(lines[1] == "response-headers")
        #expect(lines[2] == "  robots-tag    CIS     a|b      What robots may do.")
        #expect(lines[3] == "  robots-agent  -I-     -        Which robots.")
        #expect(lines[4] == "tcp-timers")
        #expect(lines.contains("  delay         C--     -        How long to wait."))
    }

    @Test(
        "A key is found by its name, an older one, with each prefix and by a full name",
        arguments: [
            "robots-tag", "robots", "haproxy.org/robots-tag", "ingress.kubernetes.io/robots", "haproxy.com/robots-tag",
        ])
    func names(name: String) throws {
        let detail = try text(name)
        #expect(detail.hasPrefix("robots-tag\n  What robots may do. More words.\n"))
        #expect(detail.contains("\n  annotation     haproxy.org/robots-tag\n                 haproxy.com/robots-tag\n"))
        #expect(detail.contains("\n  ConfigMap key  robots-tag\n"))
        #expect(detail.contains("\n  older names    robots\n"))
        #expect(detail.contains("\n  scopes         ConfigMap, Ingress, Service (the later wins)\n"))
        #expect(detail.contains("\n  default        a|b\n"))
        #expect(detail.contains("closes the route with 503"))
        #expect(detail.contains("\n  goes with      robots-agent\n"))
        #expect(detail.contains("\nExample: No index\n    kind: Ingress\n"))
        #expect(detail.contains("\nleads to\n    http-response set-header"))
    }

    @Test("A key is found by a name under a prefix that is not ours")
    func fullName() throws {
        #expect(try text("kubernetes.io/robots.agent").hasPrefix("robots-agent\n"))
    }

    @Test(
        "An unknown key is refused with the nearest known one, if there is one",
        arguments: [
            ("robot-tag", "did you mean robots-tag?"), ("haproxy.org/delai", "did you mean delay?"),
            ("something-else-altogether", "haproxy-ingress annotations lists all keys"),
        ])
    func unknown(name: String, hint: String) throws {
        let error = try #require(throws: ValidationError.self) { try text(name) }
        #expect(error.message == "no annotation is called \"\(name)\": \(hint)")
    }

    @Test("Nothing is wider than a terminal of 80 columns where it can be wrapped, and headings are bold there")
    func terminal() throws {
        let overview = try text(terminal: Terminal(isStyled: true, width: 80))
        #expect(overview.contains("\u{1b}[1mresponse-headers\u{1b}[0m"))
        #expect(overview.split(separator: "\n").allSatisfy { Terminal.width(of: String($0)) <= 80 })
    }

    @Test("JSON has an object for each key, or for the one that was asked for")
    func json() throws {
        struct Key: Decodable {
            let name: String
            let scopes: [String]
            let update: String
            let `default`: String?
        }
        let all = try JSONDecoder().decode([Key].self, from: Data(text("--format", "json").utf8))
        #expect(all.map(\.name) == ["robots-tag", "robots-agent", "delay", "notes"])
        let one = try JSONDecoder().decode([Key].self, from: Data(text("robots", "--format", "json").utf8))
        #expect(one.map(\.name) == ["robots-tag"])
        #expect(one.first?.scopes == ["ConfigMap", "Ingress", "Service"])
        #expect(one.first?.update == "map")
        #expect(one.first?.default == "a|b")
    }

    @Test("Markdown is the index, or the page of a key's family")
    func markdown() throws {
        #expect(try text("--format", "markdown").contains("\n# Annotations\n"))
        #expect(try text("delay", "--format", "markdown").contains("\n# TCP timers\n"))
    }

    @Test(
        "--output goes with Markdown and all keys only",
        arguments: [["--output", "x"], ["--output", "x", "--format", "markdown", "delay"]])
    func unusable(arguments: [String]) {
        #expect(throws: (any Error).self) { try AnnotationsCommand.parse(arguments) }
    }

    @Test("--output writes the pages")
    func output() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: directory) }
        var command = try AnnotationsCommand.parse(["--format", "markdown", "--output", directory.path])
        try await command.run(annotations: ReferenceFixtures.registry())
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
                == ["README.md", "response-headers.md", "tcp-timers.md"])
    }
}
