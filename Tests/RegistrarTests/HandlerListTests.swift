import Foundation
import Testing

@testable import AnnotationRegistrar

@Suite("The list of a module's handlers")
struct HandlerListTests {
    private func list(_ sources: [String: String]) throws -> HandlerList {
        try HandlerList(
            sources.sorted { $0.key < $1.key }.flatMap { DeclarationScanner.declarations(in: $0.value, file: $0.key) })
    }

    @Test("Handlers are listed by name, each once, wherever their conformances stand")
    func namesInOrder() throws {
        let names = try list([
            "A.swift": "struct Zone: RouteAnnotation {}\nextension Zone: GlobalAnnotation {}\nstruct Plain: Sendable {}",
            "B.swift": "enum Family { struct Beta {} ; struct Alpha: AnnotationHandler {} }",
            "C.swift": "extension Family.Beta: Core.IngressSelection {}",
        ]).names
        #expect(names == ["Family.Alpha", "Family.Beta", "Zone"])
    }

    @Test("The protocols looked for are those that Core declares")
    func protocolsOfCore() throws {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "../../Sources/Core/Annotations/AnnotationHandler.swift")
        let declared = DeclarationScanner.declarations(in: try String(contentsOf: file, encoding: .utf8), file: file.path)
            .filter { $0.kind == .protocol }
        #expect(HandlerList.handlerProtocols == Set(declared.map(\.name)))
    }

    @Test("Protocols that refine a handler protocol, and aliases for them, count too")
    func refinements() throws {
        let names = try list([
            "A.swift": "struct X: Both {}\nstruct Y: HeaderAnnotation {}",
            "B.swift":
                "protocol HeaderAnnotation: Base {}\nprotocol Base: RouteAnnotation {}\npublic typealias Both = RouteAnnotation & GlobalAnnotation",
        ]).names
        #expect(names == ["X", "Y"])
    }

    @Test(
        "A handler that no list can name is an error with its file and line",
        arguments: [
            ("private struct X: RouteAnnotation {}", "private to its file"),
            ("struct X<A>: RouteAnnotation {}", "generic"),
            ("struct X<A> {}; extension X: RouteAnnotation {}", "generic"),
            ("fileprivate struct X {}; extension X: RouteAnnotation {}", "private to its file"),
            ("func f() { struct X: RouteAnnotation {} }", "inside a function"),
            ("enum O<A> { struct X: RouteAnnotation {} }", "generic"),
            ("let a = 1; extension X: RouteAnnotation where A: B {}", "generic"),
        ])
    func obstacles(source: String, reason: String) throws {
        let problems = try #require(throws: HandlerList.Problems.self) { try list(["A.swift": "\n\(source)"]) }
        let description = try #require(problems.all.first).description
        #expect(problems.all.count == 1)
        #expect(description.hasPrefix("A.swift:2: error: the annotation handler "))
        #expect(description.contains(reason))
    }

    @Test("A handler under a condition of the build is an error that names the condition")
    func condition() throws {
        let problems = try #require(throws: HandlerList.Problems.self) {
            try list(["A.swift": "#if DEBUG\nstruct X: RouteAnnotation {}\n#endif"])
        }
        #expect(problems.all.map(\.line) == [2])
        #expect(problems.all.first?.message.contains("#if DEBUG") == true)
    }

    @Test("A private type of another file with the same name does not matter")
    func privateNamesake() throws {
        let names = try list([
            "A.swift": "private struct X<A> {}", "B.swift": "struct X {}", "C.swift": "extension X: RouteAnnotation {}",
        ]).names
        #expect(names == ["X"])
    }

    @Test("The generated file lists the handlers")
    func source() throws {
        let source = try list(["A.swift": "struct B: RouteAnnotation {}; struct A: RouteAnnotation {}"]).source
        #expect(source.contains("import Core\n"))
        #expect(source.contains("= [\n        A.self,\n        B.self,\n    ]\n}\n"))
    }

    @Test("A module without handlers has an empty list")
    func empty() throws {
        #expect(try list(["A.swift": "struct A {}"]).source.contains("[any AnnotationHandler.Type] = []\n"))
    }

    @Test("A file with the same content is not written again")
    func unchanged() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "list.swift").path
        func number() throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
        }
        try AnnotationRegistrar.write("a", to: path)
        let first = try number()
        try AnnotationRegistrar.write("a", to: path)
        #expect(try number() == first)
        try AnnotationRegistrar.write("b", to: path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "b")
    }
}
