import Core

/// Handlers with keys of the kinds that `lint` mends.
enum LintFixtures {
    static func registry() throws -> AnnotationRegistry { try AnnotationRegistry([Shop.self]) }

    struct Shop: RouteAnnotation {
        static let list = AnnotationKey(
            "allow-list", .line, scopes: [.configMap, .ingress], acts: .frontend, update: .map, since: "1.0",
            olderNames: ["whitelist"], summary: "Who may come.")
        static let isOpen = AnnotationKey(
            "is-open", .bool, scopes: [.configMap, .ingress, .service], acts: .frontend, update: .map, since: "1.0",
            summary: "Whether the shop is open.")
        static let queue = AnnotationKey(
            "queue", .choice("shortest", "longest", "off"), scopes: [.configMap, .service], acts: .backend, update: .reload,
            since: "1.0", summary: "Where to queue.")
        static let rest = AnnotationKey(
            "rest", .duration, scopes: [.configMap, .ingress], acts: .backend, update: .reload, since: "1.0",
            summary: "How long to rest.")
        static let seats = AnnotationKey(
            "seats", .integer(1...100), scopes: [.ingress], acts: .backend, update: .reload, since: "1.0", summary: "How many.")
        static let reference = AnnotationReference(
            family: "shop", title: "Shop", summary: "A shop.",
            keys: [list.reference, isOpen.reference, queue.reference, rest.reference, seats.reference], isProtection: true,
            examples: [])

        init?(_ values: AnnotationValues) throws {
            guard try values[Self.seats] != nil, try values[Self.isOpen] != nil else { return nil }
            _ = (try values[Self.rest], try values[Self.queue], try values[Self.list])
        }

        func contribute(to route: inout RouteContribution) throws {}
    }
}
