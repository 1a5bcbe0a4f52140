/// A lexical element of a Swift file, as far as declarations are concerned.
struct Token: Equatable {
    enum Kind: Equatable {
        /// A name or keyword. A name in backticks keeps them, so that it is never taken for a keyword.
        case identifier(String)
        case symbol(Character)
        /// A string, regular expression or number, whatever it holds.
        case literal
        /// `#if`, `#elseif`, `#else` or `#endif` with the text of its condition.
        case directive(Directive, condition: String)
    }

    enum Directive: String {
        case `if`, `elseif`, `else`, `endif`
    }

    let kind: Kind
    /// Counts from 1.
    let line: Int

    var identifier: String? {
        if case .identifier(let name) = kind { name } else { nil }
    }

    func isSymbol(_ symbol: Character) -> Bool { kind == .symbol(symbol) }
}
