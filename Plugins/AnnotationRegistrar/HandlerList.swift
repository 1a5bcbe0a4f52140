/// The handler types of a module, and the source that lists them.
struct HandlerList {
    /// A handler that no list can name.
    struct Problem: Error, Equatable, CustomStringConvertible {
        let file: String
        let line: Int
        let message: String

        /// In the form in which compilers report, so that editors can go there.
        var description: String { "\(file):\(line): error: \(message)" }
    }

    struct Problems: Error {
        let all: [Problem]
    }

    /// The protocols of Core whose conformance makes a type a handler.
    static let handlerProtocols: Set<String> = [
        "AnnotationHandler", "RouteAnnotation", "RoutingAnnotation", "GlobalAnnotation", "IngressSelection",
    ]

    /// Qualified names in order, each once.
    let names: [String]

    /// - Throws: ``Problems`` when handlers are private, generic, local or compiled under a condition.
    init(_ declarations: [Declaration]) throws {
        let protocols = Self.protocols(among: declarations)
        let types = Dictionary(grouping: declarations.filter { $0.kind == .type }, by: \.name)
        var names: Set<String> = []
        var problems: [Problem] = []
        for declaration in declarations where declaration.kind == .type || declaration.kind == .extension {
            guard declaration.inherited.contains(where: protocols.contains) else { continue }
            if let reason = Self.obstacle(to: declaration, types: types) {
                problems.append(
                    Problem(
                        file: declaration.file, line: declaration.line,
                        message: "the annotation handler \(declaration.name) cannot be registered: \(reason)"))
            } else {
                names.insert(declaration.name)
            }
        }
        guard problems.isEmpty else { throw Problems(all: problems.sorted { ($0.file, $0.line) < ($1.file, $1.line) }) }
        self.names = names.sorted()
    }

    /// The handler protocols with those of the module that refine them and aliases that stand for them.
    private static func protocols(among declarations: [Declaration]) -> Set<String> {
        var known = handlerProtocols
        var count = 0
        while count != known.count {
            count = known.count
            for declaration in declarations where declaration.kind == .protocol || declaration.kind == .alias {
                guard declaration.inherited.contains(where: known.contains) else { continue }
                known.formUnion(declaration.name.split(separator: ".").suffix(1).map(String.init))
            }
        }
        return known
    }

    private static func obstacle(to declaration: Declaration, types: [String: [Declaration]]) -> String? {
        if declaration.isLocal { return "it is declared inside a function; declare it in the file or in a type" }
        if let condition = declaration.condition {
            return "whether it exists depends on \(condition); declare it always and put the condition inside it"
        }
        // The declaration itself, the types around it, and for an extension the type that it extends.
        let parts = declaration.name.split(separator: ".")
        let around = parts.indices.flatMap { types[parts[...$0].joined(separator: ".")] ?? [] }
            .filter { !$0.isPrivate || $0.file == declaration.file }
        let involved = [declaration] + around
        if involved.contains(where: \.isPrivate) { return "it is private to its file; make it internal" }
        if involved.contains(where: \.isGeneric) {
            return "it is generic; make it a type without parameters, which the list can name"
        }
        return nil
    }

    /// The Swift file that lists the handlers.
    var source: String {
        let list = names.isEmpty ? "[]" : "[\n" + names.map { "        \($0).self,\n" }.joined() + "    ]"
        return """
            // Written by the RegisterAnnotations plug-in from the types of this module that are annotation handlers.
            import Core

            /// The annotation handlers of this module: every type that states a conformance to AnnotationHandler or to a protocol
            /// that refines it.
            public enum AnnotationHandlers {
                /// All of them, by the names of their types.
                public static let all: [any AnnotationHandler.Type] = \(list)
            }

            """
    }
}
