import Testing

@testable import Core

@Suite struct IngressClassesTests {
    struct Class: Sendable {
        var name: String
        var controller = EngineOptions.controllerName
        var isDefault = false
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let title: String
        var spec: String?
        var annotation: String?
        var classes: [Class] = []
        var flag: String?
        var acceptsEmpty = false
        let isOurs: Bool
        var testDescription: String { title }
    }

    private static let own = Class(name: "haproxy")
    private static let other = Class(name: "nginx", controller: "k8s.io/ingress-nginx")
    private static let flagged = Class(name: "blue", controller: "haproxy.org/ingress-controller/blue")

    static let cases = [
        Case(title: "no class anywhere", isOurs: true),
        Case(title: "no class, --ingress.class given", flag: "blue", isOurs: false),
        Case(title: "no class, --ingress.class and --empty-ingress-class", flag: "blue", acceptsEmpty: true, isOurs: true),
        Case(title: "our class in the spec", spec: "haproxy", classes: [own], isOurs: true),
        Case(title: "another's class in the spec", spec: "nginx", classes: [own, other], isOurs: false),
        Case(title: "a class that does not exist", spec: "haproxy", isOurs: false),
        Case(
            title: "no class, another's is the default", classes: [Class(name: "n", controller: "x/y", isDefault: true)],
            isOurs: false),
        Case(title: "no class, ours is the default", classes: [Class(name: "haproxy", isDefault: true)], isOurs: true),
        Case(
            title: "no class, another's is the default, but empty ones are ours",
            classes: [Class(name: "n", controller: "x/y", isDefault: true)], acceptsEmpty: true, isOurs: true),
        Case(title: "our class in the annotation", annotation: "haproxy", classes: [own], isOurs: true),
        Case(title: "another's class in the annotation", annotation: "nginx", classes: [own, other], isOurs: false),
        Case(title: "an unknown class in the annotation", annotation: "nginx", isOurs: false),
        Case(
            title: "the annotation wins over the spec", spec: "haproxy", annotation: "nginx", classes: [own, other], isOurs: false
        ),
        Case(title: "the annotation has the flag's name, no object", annotation: "blue", flag: "blue", isOurs: true),
        Case(
            title: "the annotation has another name than the flag", annotation: "haproxy", classes: [own], flag: "blue",
            isOurs: false),
        Case(title: "a class of the flag's controller", spec: "blue", classes: [flagged], flag: "blue", isOurs: true),
        Case(title: "a class of the flag's controller, but no flag", spec: "blue", classes: [flagged], isOurs: false),
        Case(
            title: "our plain controller with the flag's class name", spec: "blue", classes: [Class(name: "blue")], flag: "blue",
            isOurs: true),
        Case(title: "our plain controller with another class name", spec: "haproxy", classes: [own], flag: "blue", isOurs: false),
    ]

    @Test(arguments: cases)
    func `An Ingress is ours or another controller's`(_ test: Case) throws {
        let classes = test.classes.map { item in
            KubernetesObject.ingressClass(
                IngressClass(
                    metadata: ObjectMeta(
                        name: item.name,
                        annotations: item.isDefault ? ["ingressclass.kubernetes.io/is-default-class": "true"] : [:]),
                    controller: item.controller))
        }
        let annotations = test.annotation.map { ["kubernetes.io/ingress.class": $0] } ?? [:]
        let assembly = try Cluster.assemble(
            classes + [
                Cluster.ingress("web", annotations: annotations, className: test.spec), Cluster.service(),
                Cluster.slice(Cluster.pods("10.0.0.1")),
            ]
        ) {
            $0.ingressClass = test.flag
            $0.acceptsEmptyIngressClass = test.acceptsEmpty
        }
        #expect(assembly.routes.isEmpty == !test.isOurs)
        #expect(assembly.backends.isEmpty == !test.isOurs)
    }

    @Test func `A class in the spec that does not exist is reported, another's Ingress is not looked at`() throws {
        let missing = try Cluster.assemble([Cluster.ingress("web", className: "nowhere")])
        #expect(missing.findings.map(\.key) == ["spec.ingressClassName"] && missing.findings.map(\.value) == ["nowhere"])
        let other = try Cluster.assemble([
            .ingressClass(IngressClass(metadata: ObjectMeta(name: "nginx"), controller: "k8s.io/ingress-nginx")),
            Cluster.ingress("web", annotations: ["greting": "x", "pace": "x"], className: "nginx"),
        ])
        #expect(other.findings.isEmpty)
    }

    @Test func `Namespaces are looked at when allowed and not denied`() throws {
        func routed(_ change: (inout EngineOptions) -> Void) throws -> [String] {
            let objects = ["a", "b"].flatMap { space in
                [
                    Cluster.ingress("web", namespace: space, host: "\(space).example.com"),
                    Cluster.service(namespace: space), Cluster.slice(Cluster.pods("10.0.0.1"), namespace: space),
                ]
            }
            return try Cluster.assemble(objects, options: change).routes.map(\.host)
        }
        #expect(try routed { _ in } == ["a.example.com", "b.example.com"])
        #expect(try routed { $0.allowedNamespaces = ["a"] } == ["a.example.com"])
        #expect(try routed { $0.deniedNamespaces = ["a"] } == ["b.example.com"])
    }
}
