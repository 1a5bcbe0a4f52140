import AnnotationTesting
import Core
import Testing

@testable import Annotations

/// A handler stops at the first value that it cannot do without; its owner hears of the others all the same.
@Suite("All flaws at once")
struct AllFlawsTests {
    private static let rubbish = ["\u{1}", "(", "x y z \"", "maybe", "-1", "}{", "../..", String(repeating: "9", count: 40)]

    struct Subject: Sendable, CustomTestStringConvertible {
        let handler: any AnnotationHandler.Type
        let scope: Scope
        /// Values that no key of the handler accepts.
        let values: [String: String]
        var testDescription: String { "\(handler) \(scope)" }
    }

    private static let subjects: [Subject] = AnnotationHandlers.all.flatMap { handler in
        Scope.allCases.compactMap { scope in
            var values: [String: String] = [:]
            for key in handler.reference.keys where key.scopes.contains(scope) {
                values[key.name] = rubbish.first { (try? key.validate($0)) == nil }
            }
            let isRead = handler is any RouteAnnotation.Type || scope == .configMap
            return values.count > 1 && isRead ? Subject(handler: handler, scope: scope, values: values) : nil
        }
    }

    @Test("every bad key of a handler is an error, whichever the handler stops at", arguments: subjects)
    func all(subject: Subject) throws {
        let values = subject.values
        let trial =
            switch subject.scope {
            case .configMap: try AnnotationTrial([subject.handler], configMap: values)
            case .ingress: try AnnotationTrial([subject.handler], ingress: values)
            case .service: try AnnotationTrial([subject.handler], service: values)
            }
        let prefix = subject.scope == .configMap ? "" : "haproxy.org/"
        for (key, value) in values {
            let told = trial.findings.filter { $0.key == prefix + key && $0.value == value && $0.severity == .error }
            #expect(told.count == 1, "\(key): \(trial.findings)")
        }
    }
}
