import Core
import Testing

@testable import Controller

@Suite struct QuarantineTests {
    private let key = ObjectKey(.ingress, namespace: "shop", name: "web")

    private func ingress(_ host: String) -> KubernetesObject {
        .ingress(Ingress(metadata: ObjectMeta(namespace: "shop", name: "web"), rules: [IngressRule(host: host)]))
    }

    private func slice(_ name: String) -> KubernetesObject {
        .endpointSlice(EndpointSlice(metadata: ObjectMeta(namespace: "shop", name: name), serviceName: "web"))
    }

    private func live() throws -> Assembler {
        Assembler(Engine(registry: try AnnotationRegistry([]), options: EngineOptions()))
    }

    private func change(_ object: KubernetesObject, _ live: Assembler, _ quarantine: inout Quarantine) {
        quarantine.noteChange(of: object.key, from: live.standing(of: object.key))
        live.upsert(object)
    }

    @Test func `An object that is held back has its last version, until it is released with its newest`() throws {
        let live = try live()
        var quarantine = Quarantine()
        change(ingress("one"), live, &quarantine)
        quarantine.settle(in: live)
        change(ingress("two"), live, &quarantine)
        change(ingress("three"), live, &quarantine)
        #expect(quarantine.hold(for: .proof, in: live) == [key: ingress("three")])
        #expect(live.store.object(key) == ingress("one"))
        #expect(quarantine.replace(ingress("four")) == .proof)
        #expect(live.store.object(key) == ingress("one"))
        quarantine.release(key, in: live)
        #expect(live.store.object(key) == ingress("four"))
        #expect(quarantine.replace(ingress("five")) == nil)
    }

    @Test func `A new object that is held back is not there`() throws {
        let live = try live()
        var quarantine = Quarantine()
        change(ingress("one"), live, &quarantine)
        _ = quarantine.hold(for: .proof, in: live)
        #expect(live.store.object(key) == nil)
        quarantine.forget(key)
        quarantine.release(key, in: live)
        #expect(live.store.object(key) == nil)
    }

    @Test func `What HAProxy refused of earlier versions is forgotten once it took a newer one, unless that waits`() throws {
        let live = try live()
        var quarantine = Quarantine()
        func version(_ value: String) -> KubernetesObject {
            .ingress(Ingress(metadata: ObjectMeta(namespace: "shop", name: "web", annotations: ["pace": value]), rules: []))
        }
        for value in ["1", "2", "3"] {
            change(version(value), live, &quarantine)
            live.refuse(key, key: "pace", value: value, reason: "no")
        }
        _ = quarantine.hold(for: .reload, in: live)
        #expect(live.refusals.count == 3)
        change(version("4"), live, &quarantine)
        quarantine.settle(in: live)
        #expect(live.refusals.count == 1)
        quarantine.release(key, in: live)
        quarantine.settle(in: live)
        #expect(live.refusals.count == 1)
        quarantine.noteChange(of: key, from: live.standing(of: key))
        live.remove(key)
        quarantine.settle(in: live)
        #expect(live.refusals.count == 0)
    }

    @Test func `An object that HAProxy may take after all is left out again while it waits for a load`() throws {
        let live = try live()
        var quarantine = Quarantine()
        change(ingress("one"), live, &quarantine)
        live.refuse(ingress("one"), reason: "no")
        quarantine.settle(in: live)
        // It has passed a proof.
        _ = quarantine.giveSecondChance(ingress("one"))
        quarantine.release(key, in: live)
        live.lift(key)
        #expect(live.standing(of: key).refusal == nil)
        #expect(!quarantine.hold(for: .load, in: live).isEmpty)
        #expect(live.standing(of: key).refusal == "no")
        quarantine.release(waitingFor: .load, in: live)
        #expect(live.standing(of: key).refusal == nil)
        // HAProxy is asked, and refuses it once more meanwhile.
        _ = quarantine.hold(for: .load, in: live)
        live.refuse(ingress("one"), reason: "never")
        quarantine.release(waitingFor: .load, in: live)
        #expect(live.standing(of: key).refusal == "never")
    }

    @Test func `A second chance is for objects that wait for nothing`() {
        var quarantine = Quarantine()
        let isFirst = quarantine.giveSecondChance(ingress("one"))
        #expect(isFirst && quarantine.version(of: key) == ingress("one"))
        let isSecond = quarantine.giveSecondChance(ingress("one"))
        #expect(!isSecond)
    }

    @Test func `Pods are held back only when nothing else changed`() throws {
        let live = try live()
        var quarantine = Quarantine()
        change(ingress("one"), live, &quarantine)
        change(slice("web-1"), live, &quarantine)
        #expect(Set(quarantine.hold(for: .proof, in: live).keys) == [key])
        #expect(Set(quarantine.hold(for: .proof, in: live).keys) == [slice("web-1").key])
        #expect(quarantine.hold(for: .proof, in: live).isEmpty)
    }

    @Test func `Changes in files that HAProxy did not take are suspect again, those that came later too`() throws {
        let live = try live()
        var quarantine = Quarantine()
        change(ingress("one"), live, &quarantine)
        quarantine.beginLoading(live)
        change(ingress("two"), live, &quarantine)
        quarantine.endLoading(isLoaded: false, in: live)
        #expect(quarantine.hold(for: .proof, in: live) == [key: ingress("two")])
        #expect(live.store.object(key) == nil)
    }

    @Test func `A change that came during a load and waits for another one is still suspect after it`() throws {
        let live = try live()
        var quarantine = Quarantine()
        change(ingress("one"), live, &quarantine)
        quarantine.beginLoading(live)
        quarantine.holdCandidate(in: live)
        #expect(live.store.object(key) == nil)
        #expect(quarantine.replace(ingress("two")) == .load)
        quarantine.endLoading(isLoaded: true, in: live)
        #expect(live.store.object(key) == ingress("two"))
        #expect(quarantine.hold(for: .reload, in: live) == [key: ingress("two")])
        #expect(live.store.object(key) == ingress("one"))
    }

    @Test func `A change that waits for the load which is under way is not part of it`() throws {
        let live = try live()
        var quarantine = Quarantine()
        quarantine.beginLoading(live)
        change(ingress("one"), live, &quarantine)
        #expect(quarantine.hold(for: .load, in: live) == [key: ingress("one")])
        quarantine.endLoading(isLoaded: true, in: live)
        #expect(quarantine.hold(for: .proof, in: live) == [key: ingress("one")])
    }

    @Test func `An object that is gone during a load of it goes with the next one, and is there until then`() throws {
        let live = try live()
        var quarantine = Quarantine()
        change(ingress("one"), live, &quarantine)
        quarantine.beginLoading(live)
        quarantine.forget(key)
        quarantine.noteChange(of: key, from: live.standing(of: key))
        live.remove(key)
        quarantine.endLoading(isLoaded: true, in: live)
        _ = quarantine.hold(for: .reload, in: live)
        #expect(live.store.object(key) == ingress("one"))
        quarantine.release(waitingFor: .reload, in: live)
        #expect(live.store.object(key) == nil)
    }

    @Test func `Changes that HAProxy took are no longer suspect, those that came later are`() throws {
        let live = try live()
        var quarantine = Quarantine()
        change(ingress("one"), live, &quarantine)
        quarantine.beginLoading(live)
        change(slice("web-1"), live, &quarantine)
        quarantine.endLoading(isLoaded: true, in: live)
        #expect(Set(quarantine.hold(for: .proof, in: live).keys) == [slice("web-1").key])
        #expect(live.store.object(key) == ingress("one"))
    }
}
