import Core
import Testing

@testable import Controller

@Suite("Objects behind a reload that does not tell its own")
struct RecentObjectsTests {
    private let reload = [ReloadReason(.lines, "frontend http has a new line")]

    @Test("endpoints, which change all the time, hide nobody")
    func endpoints() {
        var recent = RecentObjects()
        let slices = (0..<5).map { ObjectKey(.endpointSlice, namespace: "shop", name: "web-\($0)") }
        for slice in slices { recent.note(slice) }
        #expect(recent.words(for: reload) == "; what changed: EndpointSlice shop/web-0")
        recent.note(ObjectKey(.ingress, namespace: "shop", name: "web"))
        #expect(recent.words(for: reload) == "; what changed: Ingress shop/web")
    }

    @Test("a few are named, and none where the reasons name theirs")
    func few() {
        var recent = RecentObjects()
        for number in 1...4 { recent.note(ObjectKey(.ingress, namespace: "shop", name: "i\(number)")) }
        #expect(recent.words(for: reload) == "; what changed: Ingress shop/i1, Ingress shop/i2, Ingress shop/i3 and others")
        let owner = Origin(object: ObjectKey(.ingress, namespace: "shop", name: "i4"), key: "haproxy.org/x")
        #expect(recent.words(for: [ReloadReason(.lines, "backend b has a new line", origin: owner)]) == "")
    }
}
