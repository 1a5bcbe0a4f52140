import Core
import Testing

@testable import Annotations

@Suite struct IngressClassTests {
    /// Whether an Ingress is ours, as seen by whether it has a route.
    func isOurs(
        annotations: [String: String] = [:], className: String? = nil, flag: String? = nil, acceptsEmpty: Bool = false,
        classes: [IngressClass] = Self.classes
    ) throws -> Bool { !(try assembly(annotations, className, flag, acceptsEmpty, classes)).routes.isEmpty }

    func assembly(
        _ annotations: [String: String], _ className: String?, _ flag: String?, _ acceptsEmpty: Bool, _ classes: [IngressClass]
    ) throws -> AssemblyReport {
        let path = IngressPath(path: "/", pathType: .prefix, backend: IngressBackend(serviceName: "web", port: .name("http")))
        let ingress = Ingress(
            metadata: ObjectMeta(namespace: "shop", name: "web", annotations: annotations), ingressClassName: className,
            rules: [IngressRule(host: "shop.example.com", paths: [path])])
        var options = EngineOptions()
        options.ingressClass = flag
        options.acceptsEmptyIngressClass = acceptsEmpty
        let engine = Engine(registry: try AnnotationRegistry([IngressClassAnnotation.self]), options: options)
        return engine.assemble(ObjectStore([.ingress(ingress)] + classes.map(KubernetesObject.ingressClass)), now: 0)
    }

    static let classes = [
        ingressClass("haproxy", controller: "haproxy.org/ingress-controller"),
        ingressClass("internal", controller: "haproxy.org/ingress-controller/internal"),
        ingressClass("other", controller: "example.com/controller"),
    ]

    static func ingressClass(_ name: String, controller: String, isDefault: Bool = false) -> IngressClass {
        let annotations = isDefault ? ["ingressclass.kubernetes.io/is-default-class": "true"] : [:]
        return IngressClass(metadata: ObjectMeta(name: name, annotations: annotations), controller: controller)
    }

    @Test(arguments: ["haproxy.org/ingress.class", "kubernetes.io/ingress.class"])
    func `The annotation names the class, under both its names`(_ key: String) throws {
        #expect(try isOurs(annotations: [key: "haproxy"]))
        #expect(try !isOurs(annotations: [key: "other"]))
        #expect(try !isOurs(annotations: [key: "internal"]))
        #expect(try isOurs(annotations: [key: "internal"], flag: "internal"))
        #expect(try !isOurs(annotations: [key: "haproxy"], flag: "internal"))
    }

    @Test func `The annotation wins over the field`() throws {
        #expect(try !isOurs(annotations: ["kubernetes.io/ingress.class": "other"], className: "haproxy"))
        #expect(try isOurs(annotations: ["kubernetes.io/ingress.class": "haproxy"], className: "other"))
    }

    @Test func `With --ingress.class the annotation needs no IngressClass object`() throws {
        #expect(try isOurs(annotations: ["kubernetes.io/ingress.class": "mine"], flag: "mine", classes: []))
        #expect(try !isOurs(annotations: ["kubernetes.io/ingress.class": "mine"], classes: []))
    }

    @Test func `The field names an object whose controller is ours, with the suffix that --ingress.class asks for`() throws {
        #expect(try isOurs(className: "haproxy"))
        #expect(try !isOurs(className: "internal"))
        #expect(try !isOurs(className: "other"))
        #expect(try isOurs(className: "internal", flag: "internal"))
        #expect(try !isOurs(className: "haproxy", flag: "internal"))
        #expect(try isOurs(className: "haproxy", flag: "haproxy"))
    }

    @Test func `A class that does not exist leaves the Ingress to others and is reported`() throws {
        let assembly = try assembly([:], "absent", nil, false, Self.classes)
        #expect(assembly.routes.isEmpty)
        #expect(assembly.findings.map(\.value) == ["absent"])
    }

    @Test func `An Ingress without a class is ours unless a class was asked for`() throws {
        #expect(try isOurs())
        #expect(try !isOurs(flag: "internal"))
        #expect(try isOurs(flag: "internal", acceptsEmpty: true))
        #expect(try !isOurs(className: "other", flag: "internal", acceptsEmpty: true))
    }

    @Test func `A default class decides on Ingresses without one`() throws {
        let ours = Self.ingressClass("standard", controller: "haproxy.org/ingress-controller", isDefault: true)
        let theirs = Self.ingressClass("standard", controller: "example.com/controller", isDefault: true)
        #expect(try isOurs(classes: [ours]))
        #expect(try !isOurs(classes: [theirs]))
        #expect(try !isOurs(flag: "internal", classes: [ours]))
        #expect(try isOurs(flag: "internal", acceptsEmpty: true, classes: [theirs]))
        #expect(try !isOurs(annotations: ["kubernetes.io/ingress.class": "other"], classes: Self.classes + [ours]))
    }

    @Test(arguments: ["", " ", "a\u{1}"]) func `A class whose name no line can hold is reported and counts as absent`(
        _ value: String
    ) throws {
        let assembly = try assembly(["haproxy.org/ingress.class": value], "haproxy", nil, false, Self.classes)
        #expect(!assembly.routes.isEmpty)
        #expect(assembly.findings.contains { $0.severity == .error && $0.key == "haproxy.org/ingress.class" })
    }
}
