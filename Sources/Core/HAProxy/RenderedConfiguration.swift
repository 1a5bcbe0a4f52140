/// haproxy.cfg as text, with the origin of every line.
public struct RenderedConfiguration: Sendable {
    public private(set) var text = ""
    private var origins: [Origin] = []
    /// The parts of lines that several asked for, by line.
    private var parts: [Int: [Traced<Directive>]] = [:]
    /// The header of each section, and its line.
    private var starts: [(line: Int, header: String)] = []
    private let showsOrigins: Bool
    private let isTextOnly: Bool

    /// - Parameters:
    ///   - withOrigins: adds a comment to each line that an object asked for, naming object and key.
    ///   - isTextOnly: whether nobody is going to ask about lines.
    public init(_ sections: [Section], withOrigins: Bool = false, isTextOnly: Bool = false) {
        showsOrigins = withOrigins
        self.isTextOnly = isTextOnly
        append("# Written by haproxy-ingress from Kubernetes objects; changes made here are lost.", .controller)
        for section in sections { append(section) }
    }

    private init() { (showsOrigins, isTextOnly) = (false, true) }

    /// What a section adds to the text of those before it.
    public static func text(of section: Section) -> String {
        var rendered = RenderedConfiguration()
        rendered.append(section)
        return rendered.text
    }

    /// - Parameter lines: come before the section's own.
    mutating func append(_ section: Section, startingWith lines: [Section.Line] = []) {
        append("", .controller)
        if !isTextOnly { starts.append((origins.count + 1, section.header)) }
        append(section.header, section.origin)
        for line in lines { append(line) }
        for line in section.lines { append(line) }
        if let pool = section.pool { append(pool, origin: section.origin) }
    }

    private mutating func append(_ line: Section.Line) {
        text += "  "
        append(line.directive.text, line.origin)
        if !line.parts.isEmpty, !isTextOnly { parts[origins.count] = line.parts }
    }

    /// Who is responsible for a line, counted from 1 as HAProxy does.
    public func origin(ofLine line: Int) -> Origin? {
        origins.indices.contains(line - 1) ? origins[line - 1] : nil
    }

    /// Whether several asked for a line, so that its number does not tell who wrote what is wrong with it.
    public func isShared(_ line: Int) -> Bool { Set(parts[line]?.map(\.origin) ?? []).count > 1 }

    /// The header of the section that a line is in.
    public func section(ofLine line: Int) -> String? { starts.last { $0.line <= line }?.header }

    private mutating func append(_ pool: ServerPool, origin: Origin) {
        // One line for each keyword group, so that HAProxy's complaint about one names whoever wrote it.
        for keyword in pool.keywords + pool.replaceable { append("  default-server \(keyword.value.text)", keyword.origin) }
        if let maxconn = pool.maxconn { append("  default-server maxconn \(maxconn.value)", maxconn.origin) }
        func cookie(_ name: String) -> String { pool.cookies == .names ? " cookie \(name)" : "" }
        for (index, server) in pool.servers.enumerated() {
            let name = pool.slots == nil ? server.name : ServerPool.slotName(index + 1)
            append("  server \(name) \(server.endpoint)\(cookie(name))\(server.isDraining ? " weight 0" : "")", origin)
        }
        if let slots = pool.slots, slots > pool.servers.count {
            for number in (pool.servers.count + 1)...slots {
                let name = ServerPool.slotName(number)
                append("  server \(name) 127.0.0.1:1\(cookie(name)) disabled", origin)
            }
        }
    }

    private mutating func append(_ line: String, _ origin: Origin) {
        text += line
        if showsOrigins, origin != .controller { text += "  # \(origin)" }
        text += "\n"
        if !isTextOnly { origins.append(origin) }
    }
}
