import Core

/// Two handlers of one family and one of another, made for the reference tests.
enum ReferenceFixtures {
    static func registry() throws -> AnnotationRegistry {
        try AnnotationRegistry([Robots.self, Delay.self, Notes.self])
    }

    struct Robots: RouteAnnotation {
        static let reference = AnnotationReference(
            family: "response-headers", title: "Robots",
            summary: "Tells robots what to do.\n\nIn a second paragraph | with a bar.",
            keys: [tag.reference, agent.reference], isProtection: true,
            examples: [
                AnnotationExample(
                    "No index", manifest: "kind: Ingress\nmetadata:\n  annotations:\n    haproxy.org/robots-tag: noindex\n",
                    leadsTo: ["http-response set-header X-Robots-Tag noindex"])
            ])
        static let tag = AnnotationKey(
            "robots-tag", .line, scopes: [.service, .configMap, .ingress], default: "a|b", acts: .frontend, update: .map,
            since: "1.0", olderNames: ["robots"], summary: "What robots may do. More words.")
        static let agent = AnnotationKey(
            "robots-agent", .choice("all", "some"), scopes: [.ingress], acts: .frontend, update: .runtime, since: "1.1",
            fullNames: ["kubernetes.io/robots.agent"], example: "say \"all\"", summary: "Which robots.")

        init?(_ values: AnnotationValues) throws {
            guard try values[Self.tag] != nil else { return nil }
        }
        func contribute(to route: inout RouteContribution) throws {}
    }

    struct Delay: GlobalAnnotation {
        static let reference = AnnotationReference(
            family: "tcp-timers", title: "Delays", summary: "Waits.", keys: [delay.reference],
            examples: [AnnotationExample("Wait", manifest: "kind: ConfigMap\n")])
        static let delay = AnnotationKey(
            "delay", .duration, scopes: [.configMap], acts: .global, update: .reload, since: "1.0", summary: "How long to wait.")

        init?(_ values: AnnotationValues) throws {
            guard try values[Self.delay] != nil else { return nil }
        }
        func contribute(to global: inout GlobalContribution) throws {}
    }

    struct Notes: GlobalAnnotation {
        static let reference = AnnotationReference(
            family: "tcp-timers", title: "Notes", summary: "Notes.", keys: [notes.reference], examples: [])
        static let notes = AnnotationKey(
            "notes", .line.checkedByHAProxy(), scopes: [.configMap], acts: .global, update: .reload, since: "1.0",
            example: "one ```\ntwo", summary: "Notes\nin lines.")

        init?(_ values: AnnotationValues) throws {
            guard try values[Self.notes] != nil else { return nil }
        }
        func contribute(to global: inout GlobalContribution) throws {}
    }
}
