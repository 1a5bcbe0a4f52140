import Foundation
import Testing

/// A request that its pod answers when the test says so: what happens meanwhile may take as long as it does.
struct HeldRequest: Sendable {
    fileprivate let name: String
    fileprivate let answer: Task<Response, any Error>

    /// The answer of one that is cut off, or that its pod has been told to answer.
    var response: Response { get async throws { try await answer.value } }
}

extension TestController {
    /// Sends a request that waits at its pod.
    func hold(_ url: String) -> HeldRequest {
        let name = UUID().uuidString
        let answer = Task { try await request("\(url)?hold=\(name)", options: ["--max-time", "90"]) }
        return HeldRequest(name: name, answer: answer)
    }

    /// Holds a request and waits until the first pod has it. One that HAProxy answers itself, because the pod's first check was late on a
    /// busy machine, is made again.
    func holdUnderWay(_ url: String) async throws -> HeldRequest {
        for _ in 0..<4 {
            let held = hold(url)
            for _ in 0..<300 {
                if try await sessions(ofPod: 1) == 1 { return held }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        Issue.record("no request reaches the pod\n\(log)")
        return hold(url)
    }

    /// Lets the pod answer, without asking HAProxy, which may be what is being stopped.
    func letGo(_ held: HeldRequest) async throws {
        let pod = "http://\(network)1:8080/?release=\(held.name)"
        let result = try await run(Self.curl, ["--silent", "--fail", "--max-time", "10", "--noproxy", "*", pod])
        #expect(result.status == 0, "\(pod): \(result)")
    }

    /// Lets the pod answer, and returns what it says.
    func release(_ held: HeldRequest) async throws -> Response {
        try await letGo(held)
        return try await held.response
    }
}
