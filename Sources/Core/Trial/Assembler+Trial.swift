extension Assembler {
    /// HAProxy refuses a part of what was asked for.
    ///
    /// - Parameter version: the version of the element's object that HAProxy was asked about.
    public func refuse(_ element: Trial.Element, version: KubernetesObject?, reason: String) {
        switch element {
        case .object: if let version { refuse(version, reason: reason) }
        case .value(let object, let key, let value): refuse(object, key: key, value: value, reason: reason)
        case .file(let file): refuse(file, reason: reason)
        }
    }
}
