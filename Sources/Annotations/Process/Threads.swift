import Core

/// How many threads HAProxy runs.
public struct Threads: GlobalAnnotation {
    static let count = AnnotationKey(
        "nbthread", .integer(1...4096).described(example: "4"), scopes: [.configMap],
        default: "one for each processor", acts: .global, update: .reload, since: "1.4",
        summary: "How many threads HAProxy runs. Without it there is one for each processor; more than that are refused.")

    public static let reference = AnnotationReference(
        family: "process", title: "Threads",
        summary:
            "Fewer threads leave processors to other work on the machine; more than there are processors only slow HAProxy down.",
        keys: [count.reference],
        examples: [
            AnnotationExample(
                "A single thread", manifest: ExampleManifest.configMap([("nbthread", "1")]), leadsTo: ["nbthread 1"])
        ])

    let count: Int

    public init?(_ values: AnnotationValues) throws {
        guard let count = try values.resolved(Self.count) else { return nil }
        let processors = values.environment.processors
        guard count.value <= processors else {
            throw count.error(
                "is more threads than there are processors", expected: "a whole number from 1 to \(processors)",
                example: String(processors))
        }
        self.count = count.value
    }

    public func contribute(to global: inout GlobalContribution) throws {
        global.global("nbthread \(count)")
    }
}
