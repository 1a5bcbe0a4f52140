import Core

extension Secret {
    /// A Secret of namespace `shop`, unless told otherwise, with text as its values.
    init(_ name: String, namespace: String = "shop", type: String = "Opaque", _ text: [String: String]) {
        self.init(
            metadata: ObjectMeta(namespace: namespace, name: name), type: type, data: text.mapValues { Array($0.utf8) })
    }
}
