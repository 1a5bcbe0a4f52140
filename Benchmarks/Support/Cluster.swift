/// An API server that a benchmark writes objects to.
public protocol Cluster: AnyObject {
    /// The path of a kubeconfig for the controller.
    var kubeconfig: String { get }
    /// Creates an object or replaces it.
    func put(_ object: ClusterObject) throws
    func delete(_ object: ClusterObject) throws
    func stop()
}
