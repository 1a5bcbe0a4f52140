import Testing

@testable import Controller

@Suite("When files follow a running HAProxy")
struct FileTimingTests {
    private let start = ContinuousClock.now

    /// When the files are written after changes at some times, all in milliseconds; nil when they are not.
    private func writing(_ timing: FileTiming) -> Int? {
        guard let wait = timing.wait(now: start) else { return nil }
        return Int((wait / .milliseconds(1)).rounded())
    }

    private func changed(_ timing: inout FileTiming, at times: Int...) {
        for time in times { timing.noteChange(now: start + .milliseconds(time)) }
    }

    @Test("half a second after the last change, and at the latest half a minute after the first")
    func quiet() {
        var timing = FileTiming()
        #expect(writing(timing) == nil)
        changed(&timing, at: 0)
        #expect(writing(timing) == 500)
        changed(&timing, at: 200, 400)
        #expect(writing(timing) == 900)
        changed(&timing, at: 29_800)
        #expect(writing(timing) == 30_000)
        #expect(timing.wait(now: start + .seconds(30)) == nil)
    }

    @Test("what takes long to write is written less often")
    func share() {
        var timing = FileTiming()
        changed(&timing, at: 0)
        timing.noteWriting(since: start + .milliseconds(500), now: start + .milliseconds(520))
        #expect(writing(timing) == nil)
        changed(&timing, at: 600)
        // 20 ms are a two-hundredth of 4 s.
        #expect(writing(timing) == 4_520)
        changed(&timing, at: 4_400)
        #expect(writing(timing) == 4_900)
        timing.noteWriting(since: start + .seconds(5), now: start + .seconds(7))
        changed(&timing, at: 8_000)
        #expect(writing(timing) == 38_000)
    }
}
