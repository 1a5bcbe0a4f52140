import ArgumentParser
import Core
import Foundation

/// Where the controller's objects come from.
struct SourceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Read objects from the YAML and JSON files below this directory in place of a cluster; can be repeated.",
            valueName: "dir"))
    var manifests: [String] = []

    @Option(
        help: ArgumentHelp(
            "How to reach the API server. Without it: the files of $KUBECONFIG, the pod's service account, ~/.kube/config.",
            valueName: "file"))
    var kubeconfig: String?

    @Flag(
        help: """
            Run outside of the cluster: take no notice of a service account. HAProxy then survives a controller that is killed, \
            or that gets SIGUSR1, and the next controller with the same --runtime-dir takes it over.
            """)
    var external = false

    mutating func validate() throws {
        for directory in manifests {
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory.boolValue else {
                throw ValidationError("--manifests: \(directory.quotedForPeople) is not a directory")
            }
        }
        if !manifests.isEmpty, kubeconfig != nil || external {
            throw ValidationError("--manifests takes the place of a cluster: give no --kubeconfig and no --external with it")
        }
    }
}
