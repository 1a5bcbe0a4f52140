import Testing

@testable import Controller

@Suite struct RepairHistoryTests {
    /// One comparison that finds a difference, as the applier does it.
    private func compare(_ history: inout RepairHistory, finds difference: String?) -> (
        isMended: Bool, reloads: Bool, isTold: Bool
    ) {
        guard let difference else {
            _ = history.note([], left: [], in: "servers")
            return (false, false, false)
        }
        let isLeft = history.hopeless("servers").contains(difference)
        let (stubborn, givenUp) = history.note(isLeft ? [] : [difference], left: isLeft ? [difference] : [], in: "servers")
        return (!isLeft, stubborn.contains(difference), givenUp.contains(difference))
    }

    @Test func `A difference is mended, then reloaded away, then told once and left alone`() {
        var history = RepairHistory()
        #expect(compare(&history, finds: "x") == (true, false, false))
        #expect(compare(&history, finds: "x") == (true, true, false))
        #expect(compare(&history, finds: "x") == (false, false, true))
        for _ in 0..<100 { #expect(compare(&history, finds: "x") == (false, false, false)) }
    }

    @Test func `A difference that was gone for once is mended again`() {
        var history = RepairHistory()
        for _ in 0..<5 { _ = compare(&history, finds: "x") }
        _ = compare(&history, finds: nil)
        #expect(compare(&history, finds: "x") == (true, false, false))
    }

    @Test func `A difference that comes and goes takes one reload, until it has been gone for long`() {
        var history = RepairHistory()
        for _ in 0..<2 { _ = compare(&history, finds: "x") }
        for _ in 0..<20 {
            _ = compare(&history, finds: nil)
            for _ in 0..<3 { #expect(compare(&history, finds: "x").reloads == false) }
        }
        for _ in 0..<11 { _ = compare(&history, finds: nil) }
        #expect(compare(&history, finds: "x") == (true, false, false))
        #expect(compare(&history, finds: "x") == (true, true, false))
    }

    @Test func `Other differences do not share what was done about one`() {
        var history = RepairHistory()
        for _ in 0..<5 { _ = compare(&history, finds: "x") }
        #expect(compare(&history, finds: "y") == (true, false, false))
        #expect(history.hopeless("map host").isEmpty)
    }
}
