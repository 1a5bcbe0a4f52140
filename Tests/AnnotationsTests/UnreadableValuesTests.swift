import AnnotationTesting
import Core
import Foundation
import Testing

@testable import Annotations

/// A value that cannot be read lets nobody in, whatever the next scope and the default say.
@Suite("Unreadable values")
struct UnreadableValuesTests {
    private static let routeHandlers = AnnotationHandlers.all.compactMap { $0 as? any RouteAnnotation.Type }

    /// Keys whose absence lets more through than a value that may have been meant: what an unreadable one leads to in place of it.
    private static let narrow: [String: Outcome] = {
        var outcomes: [String: Outcome] = [:]
        for handler in routeHandlers {
            let reference = handler.reference
            for key in reference.keys where key.scopes.contains(.ingress) {
                if reference.isProtection { outcomes[key.name] = .closed }
            }
        }
        for name in ["src-ip-header", "ssl-passthrough"] { outcomes[name] = .closed }
        for key in CORS.reference.keys { outcomes[key.name] = .off }
        outcomes["ssl-redirect"] = .strictest
        return outcomes
    }()

    enum Outcome { case closed, off, strictest, asWithout }

    private static let rubbish = ["\u{1}", "(", "x y z \"", "maybe", "-1", "}{", "../..", String(repeating: "9", count: 40)]

    struct Subject: Sendable, CustomTestStringConvertible {
        let handler: any RouteAnnotation.Type
        let key: KeyReference
        var testDescription: String { key.name }
    }

    static let subjects: [Subject] = routeHandlers.flatMap { handler in
        handler.reference.keys.filter { $0.scopes.contains(.ingress) }.map { Subject(handler: handler, key: $0) }
    }

    @Test(
        "a value that cannot be read has the effect of none at most, and closes or switches off what it would widen",
        arguments: subjects)
    func unreadable(subject: Subject) throws {
        let (handler, key) = (subject.handler, subject.key)
        let flawed = Self.rubbish.filter { value in (try? key.validate(value)) == nil }
        guard !flawed.isEmpty else { return }
        // What makes the key mean something, at the Ingress; and the key itself in the ConfigMap, readable.
        let companions = Self.companions[key.name] ?? [:]
        let configMap = key.scopes.contains(.configMap) ? [key.name: key.example] : [:]
        for value in flawed {
            let without = try AnnotationTrial([handler], configMap: configMap, ingress: companions)
            let nothing = try AnnotationTrial([handler])
            let with = try AnnotationTrial(
                [handler], configMap: configMap, ingress: companions.merging([key.name: value]) { $1 })
            #expect(with.findings.contains { $0.severity == .error }, "\(value)")
            switch Self.narrow[key.name] ?? .asWithout {
            case .closed: #expect(with.isClosed || with.isLeftOut, "\(value)")
            case .off: #expect(!with.isClosed && with.configuration == nothing.configuration, "\(value)")
            case .strictest: #expect(with.configuration.contains("redirect code"), "\(value)")
            case .asWithout: #expect(with.configuration == without.configuration, "\(value)")
            }
        }
    }

    /// Other keys without which a key is not read.
    private static let companions: [String: [String: String]] = {
        var all: [String: [String: String]] = [:]
        for key in CORS.reference.keys where key.name != "cors-enable" { all[key.name] = ["cors-enable": "true"] }
        for key in RateLimit.reference.keys where key.name != "rate-limit-requests" {
            all[key.name] = ["rate-limit-requests": "5"]
        }
        for key in BasicAuthentication.reference.keys where key.name != "auth-type" {
            all[key.name] = ["auth-type": "basic-auth"]
        }
        return all
    }()

    @Test("the operator's client-strict-sni counts as true when it cannot be read")
    func strictNames() throws {
        let trial = try AnnotationTrial([StrictServerNames.self], configMap: ["client-strict-sni": "ture"], tls: true)
        #expect(trial.configuration.contains("strict-sni"))
        #expect(trial.findings.map(\.severity) == [.error])
    }

    @Test("ssl-redirect that cannot be read redirects, although the ConfigMap says no and the host has no TLS")
    func redirect() throws {
        let trial = try AnnotationTrial(
            [SSLRedirect.self], configMap: ["ssl-redirect": "false"], ingress: ["ssl-redirect": "flase"])
        #expect(trial.routeValue("ssl-redirect") == "302|")
    }
}
