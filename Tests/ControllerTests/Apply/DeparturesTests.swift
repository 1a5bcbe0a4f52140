import Testing

@testable import Controller

@Suite("When HAProxy is asked to forget what leaves")
struct DeparturesTests {
    private let start = ContinuousClock.now

    private func server(_ number: Int) -> Departure { Departure(backend: "b", server: String(number)) }
    private func time(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    /// - Returns: who is asked for.
    private func ask(_ departures: inout Departures, at milliseconds: Int, _ stays: (Departure) -> Bool) async -> [Departure] {
        var asked: [Departure] = []
        await departures.askForDue(now: time(milliseconds)) { due in
            asked = due
            return Set(due.filter(stays))
        }
        return asked
    }

    @Test("soon at first, then with pauses twice as long, up to 2.56 s; never again when it is gone")
    func pauses() async {
        var departures = Departures()
        #expect(departures.next == nil)
        departures.add(server(1), now: start)
        var due = 0
        for pause in [10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 2_560, 2_560] {
            due += pause
            #expect(departures.next == time(due))
            #expect(await ask(&departures, at: due - pause / 2) { _ in true } == [])
            #expect(await ask(&departures, at: due) { _ in true } == [server(1)])
        }
        #expect(await ask(&departures, at: due + 2_560) { _ in false } == [server(1)])
        #expect(departures.next == nil)
    }

    @Test("one that comes back and leaves again is asked for soon, and once")
    func again() async {
        var departures = Departures()
        departures.add(server(1), now: start)
        for due in [10, 30, 70] { _ = await ask(&departures, at: due) { _ in true } }
        departures.add(server(1), now: time(80))
        #expect(await ask(&departures, at: 90) { _ in false } == [server(1)])
        #expect(await ask(&departures, at: 10_000) { _ in false } == [])
        #expect(departures.next == nil)
    }

    @Test("at most fifty at once, the others at the next time, which is now")
    func portions() async {
        var departures = Departures()
        for number in 0..<120 { departures.add(server(number), now: start) }
        var counts: [Int] = []
        while let next = departures.next, next <= time(10) {
            counts.append(await ask(&departures, at: 10) { _ in false }.count)
        }
        #expect(counts == [50, 50, 20])
    }

    @Test("those with long sessions are asked for as seldom while others come and go")
    func manyOthers() async {
        var departures = Departures()
        for number in 0..<500 { departures.add(server(number), now: start) }
        var (longAsked, othersAsked) = (0, 0)
        for step in 0..<3_000 {
            let now = step * 10
            departures.add(server(1_000 + step), now: time(now))
            while let next = departures.next, next <= time(now) {
                let asked = await ask(&departures, at: now) { Int($0.server ?? "").map { $0 < 500 } ?? false }
                othersAsked += asked.filter { Int($0.server ?? "").map { $0 >= 1_000 } ?? false }.count
                longAsked += asked.count
            }
        }
        longAsked -= othersAsked
        #expect(othersAsked == 2_999)
        // Nine times in the first five seconds, then every 2.56 or a little less.
        #expect((500 * 17...500 * 21).contains(longAsked), "\(longAsked)")
    }
}
