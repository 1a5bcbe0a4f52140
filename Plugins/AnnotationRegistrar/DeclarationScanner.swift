/// Finds the declarations of a Swift file.
struct DeclarationScanner {
    private enum Scope {
        case declaration(Declaration)
        /// The braces of a function, closure, property or statement.
        case body
    }

    private let file: String
    private let tokens: [Token]
    private var index = 0
    private var scopes: [Scope] = []
    private var blocks: [ConditionalBlock] = []
    private var declarations: [Declaration] = []

    static func declarations(in source: String, file: String) -> [Declaration] {
        var scanner = DeclarationScanner(file: file, tokens: SwiftLexer.tokens(of: source))
        scanner.scan()
        return scanner.declarations
    }

    private init(file: String, tokens: [Token]) {
        self.file = file
        self.tokens = tokens
    }

    private func token(_ offset: Int = 0) -> Token? { tokens.indices.contains(index + offset) ? tokens[index + offset] : nil }

    private mutating func scan() {
        while let token = token() {
            if case .directive(let directive, let condition) = token.kind {
                follow(directive, condition: condition)
            } else if blocks.contains(where: { $0.isActive == false }) {
                index += 1
            } else if token.isSymbol("{") {
                scopes.append(.body)
                index += 1
            } else if token.isSymbol("}") {
                _ = scopes.popLast()
                index += 1
            } else if let kind = declarationKind() {
                readDeclaration(kind)
            } else {
                index += 1
            }
        }
    }

    private mutating func follow(_ directive: Token.Directive, condition: String) {
        index += 1
        switch directive {
        case .if: blocks.append(ConditionalBlock(condition: condition))
        case .endif: _ = blocks.popLast()
        case .elseif, .else:
            guard var block = blocks.popLast() else { return }
            block.next(condition: directive == .else ? nil : condition)
            blocks.append(block)
        }
    }

    /// What the word at this place declares; nil when it is part of something else, as in `class func` or `x.extension`.
    private func declarationKind() -> Declaration.Kind? {
        guard let token = token(), let word = token.identifier, let name = self.token(1)?.identifier,
            !Self.declarationWords.contains(name)
        else { return nil }
        // Keywords may be labels of parameters, names of members and the kind of an import.
        if let previous = self.token(-1), previous.identifier == "import" || [".", "(", ","].contains(where: previous.isSymbol) {
            return nil
        }
        switch word {
        case "struct", "enum", "class": return .type
        case "actor": return beginsActor() ? .type : nil
        case "extension": return .extension
        case "protocol": return .protocol
        case "typealias": return .alias
        default: return nil
        }
    }

    /// `actor` is a keyword only at the beginning of a declaration; elsewhere it is a name like any other.
    private func beginsActor() -> Bool {
        let follows = token(2).map { [":", "{", "<"].contains(where: $0.isSymbol) || $0.identifier == "where" } ?? false
        guard follows, let line = token()?.line, token(1)?.line == line else { return false }
        guard let previous = token(-1), previous.line == line else { return true }
        return previous.isSymbol("{") || previous.isSymbol("}") || previous.isSymbol(";") || previous.isSymbol(")")
            || Self.modifiers.contains(previous.identifier ?? "") || token(-2)?.isSymbol("@") == true
    }

    private mutating func readDeclaration(_ kind: Declaration.Kind) {
        let line = tokens[index].line
        var isPrivate = hasPrivateModifier()
        var isLocal = false
        var names: [String] = []
        for scope in scopes {
            switch scope {
            case .declaration(let outer):
                names = [outer.name]
                isPrivate = isPrivate || outer.isPrivate
                isLocal = isLocal || outer.isLocal
            case .body: isLocal = true
            }
        }
        index += 1
        names += readDottedName()
        var isGeneric = token()?.isSymbol("<") == true
        skipAngleBrackets()
        var inherited: [String] = []
        if token()?.isSymbol(kind == .alias ? "=" : ":") == true {
            index += 1
            inherited = readInheritedNames(isAlias: kind == .alias)
        }
        if kind != .alias {
            if kind == .extension, token()?.identifier == "where" { isGeneric = true }
            while let next = token(), !next.isSymbol("{"), !next.isSymbol("}") { index += 1 }
        }
        let declaration = Declaration(
            kind: kind, name: names.joined(separator: "."), inherited: inherited, isGeneric: isGeneric, isPrivate: isPrivate,
            isLocal: isLocal, condition: blocks.last { $0.isActive == nil }?.condition, file: file, line: line)
        declarations.append(declaration)
        if kind != .alias, token()?.isSymbol("{") == true {
            scopes.append(.declaration(declaration))
            index += 1
        }
    }

    /// Whether `private` or `fileprivate` is among the modifiers and attributes before the word at this place.
    private func hasPrivateModifier() -> Bool {
        var position = index - 1
        while position >= 0 {
            let token = tokens[position]
            if token.isSymbol(")") {
                var depth = 0
                repeat {
                    if tokens[position].isSymbol(")") { depth += 1 } else if tokens[position].isSymbol("(") { depth -= 1 }
                    position -= 1
                } while depth > 0 && position >= 0
                continue
            }
            guard let word = token.identifier else { return false }
            if position > 0, tokens[position - 1].isSymbol("@") {
                position -= 2
            } else if Self.modifiers.contains(word) {
                if word == "private" || word == "fileprivate" { return true }
                position -= 1
            } else {
                return false
            }
        }
        return false
    }

    private mutating func readDottedName() -> [String] {
        var names: [String] = []
        while let name = token()?.identifier {
            names.append(name)
            index += 1
            guard token()?.isSymbol(".") == true else { break }
            index += 1
        }
        return names
    }

    private mutating func skipAngleBrackets() {
        guard token()?.isSymbol("<") == true else { return }
        var depth = 0
        repeat {
            if token()?.isSymbol("<") == true { depth += 1 }
            // The arrow of a function type closes nothing.
            if token()?.isSymbol(">") == true, token(-1)?.isSymbol("-") == false { depth -= 1 }
            index += 1
        } while depth > 0 && token() != nil
    }

    /// Reads `A, Module.B & C<D>, @attribute(x) E` up to what follows it.
    private mutating func readInheritedNames(isAlias: Bool) -> [String] {
        var names: [String] = []
        while let next = token() {
            if next.isSymbol("@") {
                index += 2
                if token()?.isSymbol("(") == true {
                    while let inner = token(), !inner.isSymbol(")") { index += 1 }
                    index += 1
                }
            } else if next.isSymbol("<") {
                skipAngleBrackets()
            } else if next.isSymbol(",") || next.isSymbol("&") || next.isSymbol("~") || next.identifier == "any" {
                index += 1
            } else if let name = next.identifier, name != "where" {
                names += readDottedName().suffix(1)
                // An alias ends where no `&` joins another name to it.
                if isAlias, token()?.isSymbol("&") != true { break }
            } else {
                break
            }
        }
        return names
    }

    private static let modifiers: Set<String> = [
        "public", "package", "internal", "private", "fileprivate", "open", "final", "indirect", "nonisolated", "distributed",
    ]

    /// Words that cannot name a type: after `class` they show that it is a modifier.
    private static let declarationWords: Set<String> = [
        "func", "var", "let", "subscript", "init", "final", "override", "private", "fileprivate", "internal", "package", "public",
        "open", "async", "in",
    ]
}
