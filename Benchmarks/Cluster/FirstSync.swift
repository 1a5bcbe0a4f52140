import BenchmarkSupport
import Foundation

/// A controller's start on a cluster that is there already.
struct FirstSync {
    static let columns = ["ingresses", "lists(s)", "first(s)", " MB/s", "CPU(s)", "peak(MB)", "now(MB)", "hap. fds", "hap. MB"]

    let row: [String]
    let haproxyFiles: Int
    let haproxyMemory: Double

    /// Waits until the controller is ready.
    init(_ size: Int, _ cluster: any Cluster, _ controller: ControllerProcess) throws {
        var lists: (time: Duration, bytes: Int)?
        if let server = cluster as? ScriptedServer {
            while server.listed == nil {
                guard ContinuousClock.now - controller.started < .seconds(300) else { throw controller.failure("takes no lists") }
                usleep(500)
            }
            lists = server.listed.map { ($0.time - controller.started, $0.bytes) }
        }
        let first = try controller.waitUntilReady() - controller.started
        let (processorTime, peak) = (controller.figures.processorTime, controller.figures.peakMemory)
        let worker = try controller.worker()
        haproxyFiles = worker.openFiles
        haproxyMemory = worker.memory
        row = [
            String(size), lists.map { Figures.number($0.time / .seconds(1), 2) } ?? "-", Figures.number(first / .seconds(1), 2),
            lists.map { Figures.number(Double($0.bytes) / 1e6 / ($0.time / .seconds(1)), 0) } ?? "-",
            Figures.number(processorTime, 2), Figures.number(peak, 0), Figures.number(controller.figures.memory, 0),
            String(haproxyFiles), Figures.number(haproxyMemory, 0),
        ]
    }
}
