import Core

/// Finds out which elements of a trial HAProxy refuses, by asking about some of them at a time.
///
/// Halves of a set that does not pass are asked about by themselves: one bad element among n takes about twice the binary logarithm of n
/// checks. Where HAProxy's message begins with a line, the value behind the line is taken out at once. An element that does not
/// pass by itself is searched for the part that is to blame; only where no part is, the object is refused as a whole.
struct ProofSearch {
    typealias Element = Trial.Element
    /// Asks HAProxy about elements, without some values: nil when it takes them.
    typealias Ask =
        @Sendable (_ elements: [Element], _ context: Trial.Context, _ refused: Set<Element>) async throws -> Rejection?

    /// HAProxy refuses what stands beside the elements on trial, so that nothing can be said about them.
    struct Unprovable: Error, Sendable {
        let reason: String
    }

    private let trial: Trial
    private let context: Trial.Context
    private let askHAProxy: Ask
    /// What HAProxy refuses, and why.
    private(set) var refused: [Element: String] = [:]
    private(set) var checks = 0
    /// What is left out although nobody says that it is to blame: the operator's values that need what is not part of the trial.
    private var ignored: Set<Element> = []
    /// Elements that passed, which stay in where they may not go together with others.
    private var kept: [Element] = []
    private var keepsPassed = false
    /// Refused elements of which HAProxy's words do not say for sure that they are to blame wherever they stand.
    private var doubtful: Set<Element> = []

    init(_ trial: Trial, _ context: Trial.Context, ask: @escaping Ask) {
        self.trial = trial
        self.context = context
        askHAProxy = ask
    }

    // MARK: - Searches

    /// Searches among objects that changed, apart from others or, where that found nothing, beside them.
    ///
    /// - Throws: ``Unprovable``, and what asking throws.
    mutating func searchChanges() async throws {
        keepsPassed = context == .whole
        try await ignoreBase()
        try await search(trial.elements)
        if context == .apart { try await confirm() }
    }

    /// Searches among everything.
    ///
    /// - Throws: ``Unprovable``, and what asking throws.
    mutating func searchEverything() async throws {
        let elements = trial.elements
        if let rejection = try await ask([]) { throw Unprovable(reason: rejection.description) }
        try await search(elements)
        try await confirm()
        // Elements that pass by themselves may not go together: one is to blame that does not go with those before it.
        let byAge = trial.elementsByAge
        for _ in 0..<8 {
            let rest = byAge.filter { refused[$0] == nil }
            guard let rejection = try await ask(rest) else { return }
            let before = refused.count
            note(rejection)
            guard refused.count == before else { continue }
            (kept, keepsPassed) = ([], true)
            try await search(rest)
            keepsPassed = false
            kept = []
            guard refused.count > before else { throw Unprovable(reason: rejection.description) }
        }
    }

    private mutating func search(_ elements: [Element]) async throws {
        guard !elements.isEmpty else { return }
        guard let rejection = try await ask(elements) else {
            if keepsPassed { kept += elements }
            return
        }
        let isNew = note(rejection)
        guard elements.count > 1 else { return try await searchParts(of: elements[0], rejection, asksAgain: isNew) }
        try await search(Array(elements.prefix(elements.count / 2)))
        try await search(Array(elements.suffix(from: elements.count / 2)))
    }

    /// Searches an element that does not pass by itself.
    private mutating func searchParts(of element: Element, _ first: Rejection, asksAgain: Bool) async throws {
        var rejection = first
        var asksAgain = asksAgain
        while asksAgain {
            guard let again = try await ask([element]) else {
                if keepsPassed { kept.append(element) }
                return
            }
            rejection = again
            asksAgain = note(rejection)
        }
        for parts in trial.parts(of: element).map({ $0.filter { refused[$0] == nil } }) where !parts.isEmpty {
            guard try await ask([element], without: Set(parts)) == nil else { continue }
            let before = refused.count
            try await search(parts, among: Set(parts), of: element)
            // Parts that pass one by one may not go together.
            guard refused.count > before else { break }
            if keepsPassed { kept.append(element) }
            return
        }
        refuse(element, rejection)
    }

    /// Searches some parts of an element, the others left out.
    private mutating func search(_ parts: [Element], among all: Set<Element>, of element: Element) async throws {
        guard let rejection = try await ask([element], without: all.subtracting(parts)) else { return }
        guard parts.count > 1 else { return refuse(parts[0], rejection) }
        try await search(Array(parts.prefix(parts.count / 2)), among: all, of: element)
        try await search(Array(parts.suffix(from: parts.count / 2)), among: all, of: element)
    }

    // MARK: - What stands beside

    /// Leaves out values of the operator's that need what the trial does not have, such as a backend that a snippet names.
    private mutating func ignoreBase() async throws {
        var rejection = try await ask([])
        while let current = rejection, context == .whole {
            try refuseBase(current)
            rejection = try await ask([])
        }
        while let current = rejection {
            let values = (current.blamed.compactMap { trial.element(of: $0.origin) } + lines(of: current).map(\.element))
                .filter { !ignored.contains($0) }
            let operators = Set(trial.operatorValues)
            let new = values.isEmpty ? operators.subtracting(ignored) : Set(values)
            guard !new.isEmpty else { throw Unprovable(reason: current.description) }
            ignored.formUnion(new)
            rejection = try await ask([])
        }
    }

    /// Refuses values behind lines that HAProxy does not take although nothing on trial stands beside them.
    ///
    /// - Throws: ``Unprovable``.
    private mutating func refuseBase(_ rejection: Rejection) throws {
        let values = rejection.blamed.compactMap { line in
            line.origin.object?.kind == .configMap ? nil : trial.element(of: line.origin).map { ($0, line.reason) }
        }.filter { refused[$0.0] == nil }
        guard rejection.isPlaced, !values.isEmpty, checks <= Self.mostChecksOfBase else {
            throw Unprovable(reason: rejection.description)
        }
        for (value, reason) in values { refused[value] = reason }
    }

    private static let mostChecksOfBase = 16

    /// Gives values another chance that may need what stands beside them.
    private mutating func confirm() async throws {
        let elements = trial.elements
        for element in doubtful.sorted(by: { "\($0)" < "\($1)" }) {
            checks += 1
            let others = Set(refused.keys).subtracting([element])
            if try await askHAProxy(elements.filter { !others.contains($0) }, .whole, others) == nil { refused[element] = nil }
        }
        doubtful = []
    }

    // MARK: - Answers

    private mutating func ask(_ elements: [Element], without others: Set<Element> = []) async throws -> Rejection? {
        checks += 1
        let elements = (kept + elements).filter { refused[$0] == nil }
        return try await askHAProxy(elements, context, others.union(refused.keys).union(ignored))
    }

    /// Takes out the values of the lines that a message begins with.
    ///
    /// - Returns: whether there were any.
    @discardableResult
    private mutating func note(_ rejection: Rejection) -> Bool {
        let before = refused.count
        for line in rejection.blamed {
            // A line of an object that was taken before may only be in the way of a new one.
            guard let element = trial.element(of: line.origin), refused[element] == nil,
                trial.isSuspect(line.origin) || rejection.isPlaced && trial.isBrought(line.origin)
            else { continue }
            refused[element] = line.reason
            if !rejection.isPlaced { doubtful.insert(element) }
        }
        for (element, reason) in lines(of: rejection) where refused[element] == nil { refused[element] = reason }
        for (file, reason) in rejection.files where refused[.file(file)] == nil { refused[.file(file)] = reason }
        return refused.count > before
    }

    /// The lines of pattern files that HAProxy refuses.
    private func lines(of rejection: Rejection) -> [(element: Element, reason: String)] {
        rejection.patternLines.compactMap { line, reason in
            trial.element(ofLine: line.text, inPatternFile: line.file).map { ($0, reason) }
        }
    }

    private mutating func refuse(_ element: Element, _ rejection: Rejection) {
        refused[element] = rejection.description
        if !rejection.isPlaced { doubtful.insert(element) }
    }
}
