extension JSONReader {
    /// What a value is to Kubernetes. Of stored objects the parts that nothing reads are read over: they are more text than the
    /// rest, and an object of each would be made only to be thrown away.
    enum Role {
        case value, watchEvent, storedObject, storedMetadata, storedAnnotations, storedSpec, storedStatus, storedEndpoints

        func isRead(_ key: String) -> Bool {
            switch self {
            case .value, .watchEvent, .storedObject: true
            // Who wrote which field, whom the object belongs to, and what its name was made of.
            case .storedMetadata:
                switch key {
                case "managedFields", "ownerReferences", "finalizers", "generateName", "selfLink": false
                default: true
                }
            // The whole object once more, as kubectl last saw it.
            case .storedAnnotations: key != "kubectl.kubernetes.io/last-applied-configuration"
            case .storedSpec: key != "selector"
            // The addresses of load balancers are read.
            case .storedStatus: key == "loadBalancer"
            case .storedEndpoints: key == "addresses" || key == "conditions"
            }
        }

        func role(of key: String) -> Role {
            switch self {
            case .watchEvent where key == "object": return .storedObject
            case .storedObject:
                switch key {
                case "metadata": return .storedMetadata
                case "spec": return .storedSpec
                case "status": return .storedStatus
                case "endpoints": return .storedEndpoints
                default: return .value
                }
            case .storedMetadata where key == "annotations": return .storedAnnotations
            default: return .value
            }
        }

        /// What the elements of such a list are.
        var elementRole: Role { self == .storedEndpoints ? .storedEndpoints : .value }
    }
}
