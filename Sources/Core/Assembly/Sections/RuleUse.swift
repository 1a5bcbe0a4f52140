/// How many routes use rules, and who asked for them.
struct RuleUse {
    let rules: FrontendRules
    private(set) var count = 0
    private(set) var authors: [Origin: Int] = [:]
    /// Uses for which the operator chose what the rules are about.
    private(set) var operatorCount = 0
    private var users: [RuleUser: Int] = [:]
    private(set) var oldest: RuleUser?

    init(_ rules: FrontendRules) { self.rules = rules }

    /// Whether the rules are in the frontends whatever else is.
    var isFixed: Bool { rules.placement == .frontends || operatorCount > 0 }

    /// - Returns: whether something about the use is another that others have to know of.
    mutating func change(_ owned: OwnedRules, of user: RuleUser?, by difference: Int) -> Bool {
        let before = (count == 0, authors.count, isFixed, oldest)
        count += difference
        if owned.isOperators { operatorCount += difference }
        for author in owned.authors {
            authors[author, default: 0] += difference
            if authors[author] == 0 { authors[author] = nil }
        }
        if rules.placement == .frontendsIfFew, let user { countUser(user, by: difference) }
        return before != (count == 0, authors.count, isFixed, oldest)
    }

    private mutating func countUser(_ user: RuleUser, by difference: Int) {
        let uses = (users[user] ?? 0) + difference
        users[user] = uses == 0 ? nil : uses
        if uses == 0, user == oldest {
            // All of them are looked through when the oldest one goes, which is rare beside all other changes.
            oldest = users.keys.min()
        } else if uses > 0, oldest.map({ user < $0 }) ?? true {
            oldest = user
        }
    }

    var inOrder: [Origin] { authors.keys.sorted { $0.description < $1.description } }
}
