import Annotations
import Core
import Testing

@Suite("Changes without a reload")
struct ChangeTests {
    /// A key in one of its scopes.
    struct Case: Sendable, CustomTestStringConvertible {
        let key: KeyReference
        let scope: Scope
        var testDescription: String { "\(key.name) in \(scope.title)" }

        /// nil for a key that the samples forget; see ``ChangeTests/complete()``.
        var samples: ChangeSamples? { ChangeSamples.all[key.name] }

        var values: [String] { (scope == .configMap ? samples?.configMapValues : nil) ?? samples?.values ?? [] }

        /// Sets the key, and what it needs, for one Ingress or Service.
        func write(_ value: String?, of number: Int, to settings: inout ChangeTrial.Settings) {
            for (companion, text) in samples?.companions ?? [:] {
                settings.set(companion, to: text, in: scope == .configMap ? .configMap : .ingress, of: number)
            }
            settings.set(key.name, to: value, in: scope, of: number)
        }
    }

    private static let keys: [KeyReference] =
        ((try? AnnotationRegistry(AnnotationHandlers.all))?.references ?? []).filter { $0.update != .reload }

    private static let cases: [Case] = keys.flatMap { key in key.scopes.sorted().map { Case(key: key, scope: $0) } }

    @Test("every key that promises it has samples, which it accepts, and no other has")
    func complete() throws {
        #expect(Set(Self.keys.map(\.name)) == Set(ChangeSamples.all.keys))
        for key in Self.keys {
            for value in ChangeSamples.all[key.name]?.values ?? [] { try key.validate(value) }
        }
    }

    @Test("a value changes to ones that nobody used before, and back", arguments: cases)
    func values(of subject: Case) throws {
        var settings = ChangeTrial.Settings()
        let first = try #require(subject.values.first)
        subject.write(first, of: 0, to: &settings)
        var trial = try ChangeTrial(loading: settings)
        for value in subject.values.dropFirst() + [first] where subject.values.count > 1 {
            subject.write(value, of: 0, to: &settings)
            #expect(trial.change(to: settings) == .withoutReload, "to \(value)")
        }
    }

    @Test(
        "a feature in use comes to a second Ingress and goes from it",
        arguments: cases.filter { $0.scope != .configMap })
    func second(of subject: Case) throws {
        var before = ChangeTrial.Settings()
        let first = try #require(subject.values.first)
        subject.write(first, of: 0, to: &before)
        var trial = try ChangeTrial(loading: before)
        var changes: Set<ChangeTrial.Change> = []
        for value in subject.values {
            var after = before
            subject.write(value, of: 1, to: &after)
            for settings in [after, before] { changes.insert(trial.change(to: settings)) }
        }
        // A value may be the one that holds without it.
        #expect(changes.subtracting([.nothing]) == [.withoutReload])
    }

    @Test("changes that do take a reload are known, and the reference tells of them", arguments: ChangeSamples.exceptions)
    func exceptions(exception: ChangeSamples.Exception) throws {
        let handler = try #require(
            AnnotationHandlers.all.first { $0.reference.keys.contains { $0.name == exception.key } })
        let key = try #require(handler.reference.keys.first { $0.name == exception.key })
        let told = (handler.reference.summary + " " + key.summary).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(told.contains(exception.told))
        let scope: Scope = key.scopes.contains(.ingress) ? .ingress : .configMap
        var settings = ChangeTrial.Settings()
        for (companion, value) in exception.companions { settings.set(companion, to: value, in: scope) }
        settings.set(exception.key, to: exception.from, in: scope)
        var trial = try ChangeTrial(loading: settings)
        settings.set(exception.key, to: exception.to, in: scope)
        guard case .reload(let reasons) = trial.change(to: settings) else {
            Issue.record("no reload any more: \(exception.reason)")
            return
        }
        #expect(reasons.contains { $0.origin.key?.isEmpty == false }, "\(reasons)")
    }
}
