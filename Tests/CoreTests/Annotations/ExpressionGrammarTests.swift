import TestSupport
import Testing

@testable import Core

/// Thousands of random texts, most of them hostile. `TEST_SEED` repeats a run.
@Suite struct ExpressionGrammarTests {
    let seed = SeededGenerator().seed

    @Test func `An accepted ACL is written as the words that were read, and reads back as itself`() throws {
        var grammar = ExpressionGrammar(seed: seed)
        var accepted = 0
        for _ in 0..<20_000 {
            let text = grammar.acl()
            guard let acl = try? ACLExpression(text) else { continue }
            accepted += 1
            let words = try ConfigurationWords.read(acl.directive.text)
            #expect(words == acl.words, "\(text) (TEST_SEED=\(seed))")
            #expect(!words.contains { ACLExpression.reserved.contains($0) }, "\(text) (TEST_SEED=\(seed))")
            #expect(!words.contains("-f") || acl.flags.contains(.endsFlags) || words.firstIndex(of: "--") != nil, "\(text)")
            let again = try ACLExpression(acl.directive.text)
            #expect(again.words == acl.words, "\(text) (TEST_SEED=\(seed))")
            expectKnown(acl.expression, text)
        }
        #expect(accepted > 1000, "\(accepted) (TEST_SEED=\(seed))")
    }

    @Test func `An accepted log-format string reads back as itself, from one word`() throws {
        var grammar = ExpressionGrammar(seed: seed)
        var accepted = 0
        for _ in 0..<20_000 {
            let text = grammar.logFormat()
            guard let format = try? LogFormatString(text, of: .request), Quoting.isRepresentable(format.text) else { continue }
            accepted += 1
            let line: Directive = "http-request set-header X-A \(format)"
            #expect(try ConfigurationWords.read(line.text) == ["http-request", "set-header", "X-A", format.text], "\(text)")
            #expect(try LogFormatString(format.text, of: .request) == format, "\(text) (TEST_SEED=\(seed))")
            for case .expression(let expression, _) in format.parts { expectKnown(expression, text) }
        }
        #expect(accepted > 1000, "\(accepted) (TEST_SEED=\(seed))")
    }

    private func expectKnown(_ expression: SampleExpression, _ text: String) {
        #expect(
            SampleFetch.known[expression.fetch.name] != nil || expression.fetch.name.contains("_"), "\(text) (TEST_SEED=\(seed))")
        for converter in expression.converters {
            #expect(SampleConverter.known[converter.name] != nil, "\(text) (TEST_SEED=\(seed))")
        }
    }
}
