import Foundation
import Testing

/// Where the controllers under test get their objects from.
enum ObjectMode {
    /// `END_TO_END_OBJECTS=cluster` runs every test once more with a real API server in place of manifests.
    static let isCluster = ProcessInfo.processInfo.environment["END_TO_END_OBJECTS"] == "cluster"
}

extension Trait where Self == ConditionTrait {
    /// For what is about files, or what an API server does not take, or what has no objects at all.
    static func manifestsOnly(_ why: Comment) -> Self { .disabled(if: ObjectMode.isCluster, why) }
}
