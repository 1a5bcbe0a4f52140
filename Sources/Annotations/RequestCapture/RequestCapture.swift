import Core

/// Parts of requests for the log.
public struct RequestCapture: RouteAnnotation {
    static let samples = AnnotationKey(
        "request-capture", .sampleLines, scopes: [.configMap, .ingress], acts: .backend, update: .reload, since: "1.4",
        summary: "What of a request is written to the log: sample expressions of HAProxy's, one a line.")

    static let length = AnnotationKey(
        "request-capture-len", .integer(1...16_384), scopes: [.configMap, .ingress], default: "128", acts: .backend,
        update: .reload, since: "1.4", example: "256",
        summary: "How many bytes of each captured value are kept.")

    public static let reference = AnnotationReference(
        family: "request-capture", title: "Captured parts of requests",
        summary: """
            Headers, cookies and whatever else HAProxy can fetch from a request are written to its log line, where `%hr` stands \
            in the log format: in braces, with `|` between values. There are as many places as the route with the most lines has; a route's first line \
            is in the first place, and places that it has no line for are empty. They are empty, too, \
            for requests that access control, authentication, a rate limit or a redirect answered before.

            Expressions are those of section 7.3 of HAProxy's manual, such as `req.hdr(User-Agent)`, `req.cook(session)` or \
            `src,ipmask(24)`, as far as they read the request: [Expressions](../expressions.md) lists them.
            """,
        keys: [samples.reference, length.reference],
        examples: [
            AnnotationExample(
                "User agent and request id, 64 bytes of each",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [
                        ("request-capture", "req.hdr(User-Agent)\nreq.hdr(X-Request-Id)"), ("request-capture-len", "64"),
                    ]),
                    ExampleManifest.service()),
                leadsTo: [
                    "declare capture request len 64", "http-request capture req.hdr(User-Agent),concat(),bytes(0,64) id 0",
                    "http-request capture req.hdr(X-Request-Id),concat(),bytes(0,64) id 1",
                ])
        ])

    let samples: Resolved<[SampleExpression]>
    let length: Int

    public init?(_ values: AnnotationValues) throws {
        let length = try values.resolved(Self.length)
        guard let samples = try values.resolved(Self.samples) else {
            if let length, length.scope == .ingress { values.warn(length, "has no effect without request-capture") }
            return nil
        }
        self.samples = samples
        self.length = length?.value ?? 128
        let limits = values.environment.limits
        try samples.require(samples.value.count, "lines", within: .captures, of: limits)
        try samples.require(samples.value.count * self.length, "bytes in all", within: .captureBytes, of: limits)
    }

    public func contribute(to route: inout RouteContribution) throws {
        guard !route.isPassthrough else { return }
        let id = StableID.make([String(length)] + samples.value.map(\.text))
        try route.set("request-capture", to: id)
        // A slot may be longer than this route wants: others share it.
        let captures = samples.value.enumerated().map { slot, sample -> Directive in
            "http-request capture \(sample, cutTo: length) id \(slot) if { var(txn.capture) -m str \(raw: id) }"
        }
        route.use(
            FrontendRules(
                inBackends: id, phase: .capture,
                ["http-request set-var(txn.capture) \(routeValue: "request-capture")"] + captures,
                captureLengths: samples.value.map { _ in length }),
            from: samples.origin, isOperators: samples.scope == .configMap)
    }
}

extension ValueType where Value == [SampleExpression] {
    /// One expression a line.
    static let sampleLines = ValueType(
        name: "sample expressions", expected: "sample expressions of HAProxy's, one a line", example: "req.hdr(User-Agent)"
    ) { text in
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
        guard !lines.isEmpty else { throw ValueError("names no sample") }
        return try lines.map { line in
            let start = line.drop(while: \.isWhitespace)
            do {
                return try SampleExpression(String(start.reversed().drop(while: \.isWhitespace).reversed()))
            } catch let error as ValueError {
                throw ValueError(
                    lines.count == 1 ? error.message : "holds \(String(start).quotedForPeople), which \(error.message)")
            }
        }
    }.checkedByHAProxy()
}
