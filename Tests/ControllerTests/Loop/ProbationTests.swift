import Core
import Testing

@testable import Controller

@Suite struct ProbationTests {
    private func key(_ kind: ObjectKind, _ namespace: String) -> ObjectKey { ObjectKey(kind, namespace: namespace, name: "x") }

    @Test func `For a while after a refusal changes of a namespace are proven first, and pods never are`() {
        var probation = Probation()
        let now = ContinuousClock.now
        probation.note("evil", now: now)
        for kind in [ObjectKind.ingress, .service, .secret] {
            #expect(probation.covers(key(kind, "evil"), now: now))
            #expect(!probation.covers(key(kind, "shop"), now: now))
            #expect(!probation.covers(key(kind, "evil"), now: now + Probation.length))
        }
        #expect(!probation.covers(key(.endpointSlice, "evil"), now: now))
        #expect(probation.namespaces(now: now) == ["evil"])
        #expect(probation.namespaces(now: now + Probation.length).isEmpty)
    }
}
