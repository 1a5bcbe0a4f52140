import Core
import Synchronization

/// What the status of each Ingress says at present. The source writes, whoever publishes addresses reads.
///
/// It is kept apart from the objects: an Ingress whose status alone changes is the same to everybody else.
final class IngressAddresses: Sendable {
    private struct State {
        /// Without those that say nothing.
        var addresses: [ObjectKey: [LoadBalancerAddress]] = [:]
        var touched: Set<ObjectKey> = []
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    subscript(key: ObjectKey) -> [LoadBalancerAddress] { state.withLock { $0.addresses[key] ?? [] } }

    /// Notes what an Ingress says; nothing for one that is gone.
    func set(_ addresses: [LoadBalancerAddress], for key: ObjectKey) {
        let wake = state.withLock { state in
            state.addresses[key] = addresses.isEmpty ? nil : addresses
            guard state.wake != nil else { return nil as (@Sendable () -> Void)? }
            state.touched.insert(key)
            return state.wake
        }
        wake?()
    }

    /// Notes what was just written, unless the source has already told of something newer.
    func note(_ addresses: [LoadBalancerAddress], for key: ObjectKey) {
        state.withLock { state in
            if !state.touched.contains(key) { state.addresses[key] = addresses.isEmpty ? nil : addresses }
        }
    }

    /// - Parameter wake: called whenever an Ingress has been touched; nil when nobody wants to know any more.
    func follow(_ wake: (@Sendable () -> Void)?) {
        state.withLock { state in
            state.wake = wake
            state.touched = []
        }
    }

    /// The Ingresses that were touched since the last question.
    func takeTouched() -> Set<ObjectKey> {
        state.withLock { state in
            defer { state.touched = [] }
            return state.touched
        }
    }
}
