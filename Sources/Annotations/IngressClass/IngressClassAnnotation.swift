import Core

/// The class of an Ingress, written as an annotation.
public struct IngressClassAnnotation: IngressSelection {
    static let name = AnnotationKey(
        "ingress.class", .line.described(expected: "the name of an ingress class", example: "haproxy"), scopes: [.ingress],
        acts: .routing, update: .map, since: "1.4", fullNames: ["kubernetes.io/ingress.class"],
        summary: "Names the class of the Ingress, in place of `spec.ingressClassName`.")

    public static let reference = AnnotationReference(
        family: "ingress-class", title: "Ingress class",
        summary: """
            The class says which controller an Ingress is for; an Ingress of another class is left alone. The annotation is older \
            than `spec.ingressClassName` and wins where both are given.

            With `--ingress.class` an annotation has to name exactly that class. Without it the annotation names an IngressClass \
            object, and the Ingress is ours when the object's controller is `haproxy.org/ingress-controller`.
            """,
        keys: [name.reference],
        examples: [
            AnnotationExample(
                "An Ingress from before IngressClass objects",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [("ingress.class", "haproxy")]), ExampleManifest.service()),
                leadsTo: ["maps/path-prefix.map: shop.example.com/ shop_svc_web_http"])
        ])

    public let className: String

    public init?(_ values: AnnotationValues) throws {
        guard let name = try values[Self.name] else { return nil }
        className = name
    }
}
