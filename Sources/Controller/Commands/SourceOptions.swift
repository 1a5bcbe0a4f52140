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
            """
            The kubeconfig that says how to reach the API server. Without it: the files of $KUBECONFIG, the pod's service account, \
            ~/.kube/config; the first of them that is there.
            """,
            valueName: "file"))
    var kubeconfig: String?

    @Flag(
        name: [.customShort("e"), .long],
        help: """
            Run outside of the cluster: take no notice of a service account. HAProxy then goes on serving when the controller is \
            killed or gets SIGUSR1, and the next controller with the same --runtime-dir takes it over.
            """)
    var external = false

    @Flag(
        help: """
            Send requests to endpoints and external names at loopback and link-local addresses too. Without it, who may write \
            EndpointSlices or Services in a cluster reaches no service of this host and no metadata service of a cloud. Manifests \
            of --manifests may name such addresses anyway.
            """)
    var allowLoopbackEndpoints = false

    @Option(
        help: ArgumentHelp("Where the token of the pod's service account is.", valueName: "dir", visibility: .hidden))
    var serviceAccountDir = ServiceAccount.directory

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
