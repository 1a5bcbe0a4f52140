import Core
import TestSupport
import Testing

@testable import Controller

@Suite struct FindingLogTests {
    private func finding(_ number: Int, namespace: String = "evil") -> Finding {
        Finding(.error, object: ObjectKey(.ingress, namespace: namespace, name: "web"), key: "k", value: "\(number)", "is wrong")
    }

    @Test func `What comes and goes is told once, in order`() {
        var log = FindingLog(burst: 10)
        let now = ContinuousClock.now
        log.take(new: [finding(2), finding(1)], gone: [])
        #expect(log.takeChanges(now: now).new == [finding(1), finding(2)])
        log.take(new: [finding(1)], gone: [finding(2)])
        let changes = log.takeChanges(now: now)
        #expect(changes.new.isEmpty && changes.gone == [finding(2)] && changes.goneForLog == [finding(2)])
        #expect(log.rejectedObjects == 1 && log.all == [finding(1)])
        // Between two calls.
        log.take(new: [finding(3)], gone: [])
        log.take(new: [], gone: [finding(3), finding(1)])
        log.take(new: [finding(1)], gone: [])
        let none = log.takeChanges(now: now)
        #expect(none.new.isEmpty && none.gone.isEmpty && none.notes.isEmpty && none.wait == nil)
    }

    @Test func `An object that changes forty times a second gets a bounded number of lines, and others all of theirs`() {
        var log = FindingLog(burst: 20)
        var now = ContinuousClock.now
        var (lines, notes) = (0, 0)
        var others: [Finding] = []
        for step in 0..<40 * 300 {
            log.take(new: [finding(step)], gone: step > 0 ? [finding(step - 1)] : [])
            if step % 400 == 0 { log.take(new: [finding(step, namespace: "shop")], gone: []) }
            let changes = log.takeChanges(now: now)
            lines += (changes.new + changes.goneForLog).filter { $0.object?.namespace == "evil" }.count
            others += changes.new.filter { $0.object?.namespace == "shop" }
            notes += changes.notes.count
            #expect(changes.notes.allSatisfy { $0.contains("\"evil\"") })
            now += .milliseconds(25)
        }
        #expect(others.count == 30)
        #expect((300...322).contains(lines) && (4...6).contains(notes), "\(lines) lines, \(notes) notes")
        // The last one is told in the end, and nothing waits then.
        for _ in 0..<200 {
            now += .seconds(1)
            others += log.takeChanges(now: now).new
        }
        #expect(log.takeChanges(now: now).wait == nil)
        #expect(log.all.contains(finding(40 * 300 - 1)) && log.all.count == 31)
    }

    @Test func `Findings without room are told later as long as they are there, and how many were left out is told`() {
        var log = FindingLog(burst: 3)
        var now = ContinuousClock.now
        log.take(new: (0..<10).map { finding($0) }, gone: [])
        let first = log.takeChanges(now: now)
        #expect(first.new.count == 3 && first.wait == .seconds(1))
        #expect(first.notes.count == 1 && first.notes[0].contains("0 are left out and 7 wait"))
        let waiting = Set((0..<10).map { finding($0) }).subtracting(first.new)
        log.take(new: [], gone: Array(waiting.prefix(2)))
        var told: Set<Finding> = []
        var notes: [String] = []
        for _ in 0..<70 {
            now += .seconds(1)
            let changes = log.takeChanges(now: now)
            told.formUnion(changes.new)
            notes += changes.notes
            #expect(changes.gone.isEmpty)
        }
        #expect(told == log.all.subtracting(first.new) && told.count == 5)
        #expect(notes.count == 1 && notes[0].contains("2 are left out and 0 wait"))
        #expect(log.takeChanges(now: now).wait == nil)
    }
}
