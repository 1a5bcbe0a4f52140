import Testing

@testable import AnnotationRegistrar

@Suite("Declarations of a Swift file")
struct DeclarationScannerTests {
    private func declarations(_ source: String) -> [Declaration] {
        DeclarationScanner.declarations(in: source, file: "A.swift")
    }

    @Test(
        "Every form of a declaration with a conformance is found",
        arguments: [
            "struct X: P {}", "enum X: P { case a }", "final class X: P {}", "actor X: P {}", "extension X: P {}",
            "public struct X: Sendable, P {}", "struct X: Hashable & P {}", "struct X: Core.P, Sendable {}",
            "struct X\n    : Sendable,\n    P\n{\n}", "@available(macOS 15, *) public struct X: @preconcurrency P {}",
            "extension X: @unchecked Sendable, P {}", "struct X: Q<A, (B) -> C>, P {}", "struct X: ~Copyable, P {}",
            "public final actor X: P {}", "indirect enum X: P {}", "struct X /* : Q { */ : P {}", "@Attribute struct X: P {}",
        ])
    func forms(source: String) throws {
        let found = declarations("let a = 1\n\(source)\nfunc f() {}")
        let declaration = try #require(found.first)
        #expect(found.count == 1)
        #expect(declaration.name == "X")
        #expect(declaration.inherited.contains("P"))
        #expect(declaration.line == 2 || source.hasPrefix("@"))
        #expect(!declaration.isGeneric && !declaration.isPrivate && !declaration.isLocal)
    }

    @Test(
        "Words that only look like declarations are none",
        arguments: [
            "class func f() {}", "class var x: P { p }", "override class func f() {}", "let a = X.extension", "a.enum(b)",
            "func f(class name: P) {}", "func f(_ a: Int, extension name: P) {}", "func f(actor name: P) {}",
            "guard let actor else { return }", "let x = actor as P", "actors.map { actor in actor }", "let `struct` = 1",
            "protocolName X: P", "import struct Foundation.URL", "func f() -> some P { X(extension: a, class: b) }",
        ])
    func lookalikes(source: String) {
        let found = declarations("struct Outer {\n\(source)\n}\nstruct After: P {}")
        #expect(found.map(\.name) == ["Outer", "After"])
    }

    @Test("Nested types have qualified names, also inside extensions")
    func nested() {
        let source = """
            enum A { struct B { func f() { g { 1 } } } ; struct C: P {} }
            extension A.B { struct D: P { var x: Int { 1 } } }
            struct E: P {}
            """
        #expect(declarations(source).map(\.name) == ["A", "A.B", "A.C", "A.B", "A.B.D", "E"])
    }

    @Test("Types in functions, closures and computed properties are local")
    func local() {
        let source = "func f() { struct X: P { struct Y {} } }\nlet a = { enum Z {} }()\nstruct W {}"
        #expect(declarations(source).map(\.isLocal) == [true, true, true, false])
    }

    @Test(
        "Privacy is that of the type or of any type around it",
        arguments: [
            ("private struct X {}", true), ("fileprivate final class X {}", true),
            ("@available(*, deprecated) private struct X {}", true),
            ("private enum O { struct X {} }", true), ("private let a = 1\nstruct X {}", false),
            ("struct O { private init() {}\n struct X {} }", false), ("private(set) var a = 1\nstruct X {}", false),
            ("public struct X {}", false),
        ])
    func privacy(source: String, isPrivate: Bool) throws {
        let declaration = try #require(declarations(source).first { $0.name.hasSuffix("X") })
        #expect(declaration.isPrivate == isPrivate)
    }

    @Test(
        "Parameters and conditional conformances make a type generic",
        arguments: [
            ("struct X<A>: P {}", true), ("struct X<A: Collection<Int>>: P where A: Q {}", true),
            ("extension X: P where A: Q {}", true),
            ("extension X<Int>: P {}", true), ("struct X: Q<Int> {}", false), ("struct X: P { func f<A>(_ a: A) {} }", false),
        ])
    func generics(source: String, isGeneric: Bool) throws {
        #expect(try #require(declarations(source).first).isGeneric == isGeneric)
    }

    @Test(
        "Branches that are never compiled hold no declaration",
        arguments: [
            "#if false\nstruct N {\n#endif", "#if !true\nstruct N {}\n#endif", "#if false && DEBUG // no\nstruct N {}\n#endif",
            "#if true\n#else\nstruct N {}\n#endif", "#if false\n#if DEBUG\nstruct N {}\n#endif\nstruct N {}\n#endif",
            "#if true || DEBUG\n#elseif os(Linux)\nstruct N {}\n#endif",
        ])
    func neverCompiled(source: String) {
        #expect(declarations("\(source)\nstruct X {}").map(\.name) == ["X"])
    }

    @Test("Branches that the build decides about are remembered with their condition")
    func conditions() {
        let source = """
            #if false
            #else
            struct A {}
            #endif
            #if os(Linux) // where
            struct B {}
            #elseif DEBUG
            struct C {}
            #endif
            struct D {}
            """
        #expect(declarations(source).map(\.condition) == [nil, "#if os(Linux)", "#elseif DEBUG", nil])
    }

    @Test("Manifests in strings, with braces and quotes of their own, do not disturb what follows")
    func manifests() {
        let source = #"""
            struct A: P {
                static let manifest = """
                    kind: ConfigMap
                    data: {"a": "}", b: 'struct N: P {'}
                    name: \(names.map { "x-\($0)" }.joined(separator: ","))
                    """
                static let other = #"say "struct N: P {" \(not an interpolation"#
            }
            struct B: P {}
            """#
        #expect(declarations(source).map(\.name) == ["A", "B"])
    }
}
