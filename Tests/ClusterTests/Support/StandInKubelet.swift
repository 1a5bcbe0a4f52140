import Foundation
import TestSupport

@testable import EndToEndTests

/// What a scheduler and kubelets do for the Pods of a cluster: gives each an address of a network on loopback and a process
/// that listens there on port 8080, tells the API when it is ready, and ends it when it is deleted and its grace period is over.
actor StandInKubelet {
    private static let node = "node-1"

    private struct RunningPod {
        let process: Process
        let output: TemporaryDirectory
        let address: String
        var isReported = false
        /// When it is to be ended.
        var deadline: ContinuousClock.Instant?
    }

    private let client: APIClient
    private let network: String
    private var running: [String: RunningPod] = [:]
    private var lastNumber = 0
    private(set) var lastFailure: (any Error)?

    private init(_ client: APIClient, network: String) {
        self.client = client
        self.network = network
    }

    /// Runs `body` while Pods are run; their processes end with it.
    ///
    /// - Parameter network: the first pod is at its address 1.
    static func with(_ client: APIClient, network: String, _ body: () async throws -> Void) async throws {
        let kubelet = StandInKubelet(client, network: network)
        // The EndpointSlice controller wants to know where a pod is.
        try await client.apply("{apiVersion: v1, kind: Node, metadata: {name: \(node)}}")
        let work = Task { await kubelet.run() }
        do { try await body() } catch {
            if let failure = await kubelet.lastFailure { print("the stand-in kubelet: \(failure)") }
            await end(work, of: kubelet)
            throw error
        }
        await end(work, of: kubelet)
    }

    private static func end(_ work: Task<Void, Never>, of kubelet: StandInKubelet) async {
        work.cancel()
        await work.value
        for uid in await kubelet.running.keys { await kubelet.endProcess(uid) }
    }

    private func run() async {
        while !Task.isCancelled {
            // The API server may be away: what runs goes on.
            do { try await synchronize() } catch { if !(error is CancellationError) { lastFailure = error } }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private func synchronize() async throws {
        let pods = try await client.list(.pod)
        for pod in pods {
            guard let name = pod.at("metadata.name")?.text, let namespace = pod.at("metadata.namespace")?.text,
                let uid = pod.at("metadata.uid")?.text
            else { continue }
            if pod.at("spec.nodeName") == nil {
                try await bind(name, namespace: namespace)
            } else if pod.at("metadata.deletionTimestamp") != nil {
                try await shutDown(uid, name, namespace: namespace, pod)
            } else if running[uid] == nil {
                try start(uid, name)
            } else if running[uid]?.isReported == false {
                try await reportReady(uid, name, namespace: namespace)
            }
        }
        let known = Set(pods.compactMap { $0.at("metadata.uid")?.text })
        for uid in running.keys where !known.contains(uid) { await endProcess(uid) }
    }

    private func bind(_ name: String, namespace: String) async throws {
        try await client.post(
            .pod, name, namespace: namespace, subresource: "binding",
            "{apiVersion: v1, kind: Binding, metadata: {name: \(name)}, target: {apiVersion: v1, kind: Node, name: \(Self.node)}}"
        )
    }

    private func start(_ uid: String, _ name: String) throws {
        lastNumber += 1
        let address = "\(network)\(lastNumber)"
        let output = try TemporaryDirectory("pod")
        let process = Process()
        process.executableURL = Programs.pods
        process.arguments = ["--listen", "\(name)=\(address):8080"]
        process.standardOutput = try FileHandle(forWritingTo: try output.write("out", ""))
        process.standardError = FileHandle.nullDevice
        try process.run()
        running[uid] = RunningPod(process: process, output: output, address: address)
    }

    private func reportReady(_ uid: String, _ name: String, namespace: String) async throws {
        guard let pod = running[uid],
            try String(contentsOf: pod.output.file("out"), encoding: .utf8).contains("listening")
        else { return }
        try await report(name, namespace: namespace, address: pod.address, isReady: true)
        running[uid]?.isReported = true
    }

    /// Readiness goes first; requests that are under way have the grace period to end.
    private func shutDown(_ uid: String, _ name: String, namespace: String, _ pod: JSONValue) async throws {
        guard let present = running[uid] else { return try await client.delete(.pod, name, namespace: namespace, grace: 0) }
        guard let deadline = present.deadline else {
            try await report(name, namespace: namespace, address: present.address, isReady: false)
            let grace = if case .integer(let seconds)? = pod.at("metadata.deletionGracePeriodSeconds") { seconds } else { 30 }
            running[uid]?.deadline = .now + .seconds(grace)
            return
        }
        guard ContinuousClock.now >= deadline else { return }
        await endProcess(uid)
        try await client.delete(.pod, name, namespace: namespace, grace: 0)
    }

    private func report(_ name: String, namespace: String, address: String, isReady: Bool) async throws {
        let conditions = ["Initialized", "PodScheduled", "ContainersReady", "Ready"].map { type in
            "{type: \(type), status: '\(isReady || !type.hasSuffix("Ready") ? "True" : "False")'}"
        }
        try await client.patch(
            .pod, name, namespace: namespace,
            """
            status:
              phase: Running
              podIP: \(address)
              podIPs: [{ip: \(address)}]
              conditions: [\(conditions.joined(separator: ", "))]
            """, subresource: "status")
    }

    private func endProcess(_ uid: String) async {
        guard let pod = running.removeValue(forKey: uid) else { return }
        // A test's thread may hold SIGTERM back, and its children inherit that.
        kill(pod.process.processIdentifier, SIGKILL)
        while pod.process.isRunning { try? await Task.sleep(for: .milliseconds(5)) }
        pod.output.remove()
    }
}
