import Testing

@testable import Controller

@Suite struct ReloadBudgetTests {
    private let start = ContinuousClock.now

    @Test func `After quiet five reloads go at once, the sixth waits a period`() {
        var budget = ReloadBudget(period: .seconds(5), now: start)
        for _ in 0..<5 { #expect(budget.take(now: start) == nil) }
        #expect(budget.take(now: start) == .seconds(5))
        #expect(budget.take(now: start + .seconds(2)) == .seconds(3))
        #expect(budget.take(now: start + .seconds(5)) == nil)
        #expect(budget.take(now: start + .seconds(5)) == .seconds(5))
    }

    @Test func `Asking costs nothing, and waiting as long as told is enough`() throws {
        var budget = ReloadBudget(period: .milliseconds(700), now: start)
        var now = start
        for _ in 0..<5 { #expect(budget.take(now: now) == nil) }
        for _ in 0..<20 {
            let told = budget.take(now: now)
            let wait = try #require(told)
            #expect(budget.take(now: now + wait / 2) != nil)
            now += wait + .microseconds(1)
            #expect(budget.take(now: now) == nil)
        }
    }

    @Test func `Quiet saves up five reloads and not more`() {
        var budget = ReloadBudget(period: .seconds(1), now: start)
        for _ in 0..<5 { _ = budget.take(now: start) }
        let later = start + .seconds(3600)
        #expect((0..<10).filter { _ in budget.take(now: later) == nil }.count == 5)
    }

    @Test func `Without a period nothing waits`() {
        var budget = ReloadBudget(period: .zero, now: start)
        #expect((0..<100).allSatisfy { _ in budget.take(now: start) == nil })
    }
}

extension ReloadBudget {
    /// Makes a reload if one may happen now, else tells how long to wait.
    fileprivate mutating func take(now: ContinuousClock.Instant) -> Duration? {
        if let wait = wait(now: now) { return wait }
        spend(now: now)
        return nil
    }
}
