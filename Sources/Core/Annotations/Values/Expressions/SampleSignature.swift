/// What a fetch or converter takes in parentheses.
struct SampleSignature: Hashable, Sendable {
    let arguments: [SampleArgument]
    /// How many of them have to be there.
    let required: Int

    init(_ arguments: [SampleArgument], required: Int) {
        self.arguments = arguments
        self.required = required
    }

    /// The term with arguments that this signature takes.
    ///
    /// - Throws: ``ValueError`` that names the argument.
    func checked(_ term: SampleTerm) throws -> SampleTerm {
        // Empty parentheses around arguments that need not be there.
        let values = term.arguments == [""] && required == 0 ? [] : term.arguments
        guard values.count >= required else {
            throw ValueError("gives \(term.name) \(Self.count(values.count)), which needs \(required)")
        }
        guard values.count <= arguments.count else {
            throw ValueError("gives \(term.name) \(Self.count(values.count)), which takes \(arguments.count)")
        }
        for (position, (value, argument)) in zip(values, arguments).enumerated() {
            // HAProxy takes empty text for an argument that need not be there, such as the first of concat(,txn.host).
            if value.isEmpty, position >= required, [.text, .variable].contains(argument) { continue }
            do { try argument.check(value) } catch let error as ValueError {
                throw ValueError("gives \(term.name) the argument \(value.quotedForPeople), which \(error.message)")
            }
        }
        return SampleTerm(name: term.name, arguments: values)
    }

    private static func count(_ count: Int) -> String {
        switch count {
        case 0: "no argument"
        case 1: "1 argument"
        default: "\(count) arguments"
        }
    }
}
