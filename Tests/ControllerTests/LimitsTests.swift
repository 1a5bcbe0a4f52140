import ArgumentParser
import Core
import Foundation
import Testing

@testable import Controller

@Suite struct LimitsTests {
    @Test func `The manual has the table of the limits that there are`() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Docs/running.md")
        let manual = try String(contentsOf: file, encoding: .utf8)
        let section = try #require(manual.components(separatedBy: "\n## Limits\n").last?.components(separatedBy: "\n## ").first)
        let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        #expect(rows == ResourceLimits.Name.allCases.map { "| `\($0.rawValue)` | \($0.usual) | \($0.summary) |" })
    }

    @Test func `The option sets limits, several at once or one after the other`() throws {
        let options = try ConfigurationOptions.parse(["--limits", "header-names=5, captures=7", "--limits", "header-names=6"])
        let limits = options.engineOptions.environment.limits
        #expect(
            limits[.headerNames] == 6 && limits[.captures] == 7 && limits[.rewriteRules] == ResourceLimits.Name.rewriteRules.usual
        )
    }

    @Test(arguments: [
        "nothing=1", "captures", "captures=", "captures=0", "captures=-1", "captures=x", "captures=99999999999", "=5",
    ])
    func `What is no limit is refused with an example`(_ text: String) {
        #expect {
            try ConfigurationOptions.parse(["--limits", text])
        } throws: { error in
            ConfigurationOptions.message(for: error).contains("for example header-names=64")
        }
    }

    @Test func `The help names all limits`() {
        let help = ConfigurationOptions.helpMessage(columns: 100_000)
        for name in ResourceLimits.Name.allCases { #expect(help.contains("\(name.rawValue) (\(name.usual))")) }
    }
}
