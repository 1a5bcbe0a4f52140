import AnnotationTesting
import Annotations
import CompanyAnnotations
import Foundation
import Testing

@Suite("The company's controller")
struct CompanyControllerTests {
    private static let handlers = Annotations.AnnotationHandlers.all + CompanyAnnotations.AnnotationHandlers.all

    @Test("The plug-in registered the company's handler")
    func registered() {
        #expect(CompanyAnnotations.AnnotationHandlers.all.map { "\($0)" } == ["RobotsTag"])
    }

    @Test("Built-in annotations and the company's work together on one route")
    func together() throws {
        let trial = try AnnotationTrial(Self.handlers, ingress: ["robots-tag": "noindex", "timeout-server": "90s"])
        #expect(trial.findings.isEmpty)
        #expect(trial.routeValue("robots-tag") == "noindex")
        #expect(trial.backend.contains("timeout server 90s"))
    }

    @Test("The Swift in Docs/adding-an-annotation.md is the Swift in this package")
    func documentation() throws {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: package.appending(path: "../../Docs/adding-an-annotation.md"), encoding: .utf8)
        let sources = try [
            "Package.swift", "Sources/CompanyAnnotations/RobotsTag.swift", "Sources/company-ingress/main.swift",
            "Tests/CompanyAnnotationsTests/RobotsTagTests.swift",
        ].map { try String(contentsOf: package.appending(path: $0), encoding: .utf8) }.joined(separator: "\n")
        let blocks = text.components(separatedBy: "```swift\n").dropFirst().compactMap { $0.components(separatedBy: "```").first }
        #expect(blocks.count >= 6)
        for block in blocks {
            // A block may leave lines out: what stands between is taken from the sources.
            for part in block.components(separatedBy: "// ...\n") {
                let lines = part.trimmingCharacters(in: .newlines)
                #expect(sources.contains(lines), "\(lines)")
            }
        }
    }
}
