/// Who is responsible for a rendered line: the object and key that asked for it, or the controller itself.
public struct Origin: Hashable, Sendable, CustomStringConvertible {
    /// The object whose owner can change the line; nil for the controller's own lines.
    public var object: ObjectKey?
    /// The annotation or ConfigMap key as it is written on the object, or the handler's family for fixed rules.
    public var key: String?

    public init(object: ObjectKey? = nil, key: String? = nil) {
        self.object = object
        self.key = key
    }

    public static let controller = Origin()

    public var description: String {
        switch (object, key) {
        case (let object?, let key?): "\(object): \(key)"
        case (let object?, nil): "\(object)"
        case (nil, let key?): key
        case (nil, nil): "controller"
        }
    }
}

/// A value that remembers where it came from. Two are equal when their values are: who asked does not change what is asked.
public struct Traced<Value: Hashable & Sendable>: Hashable, Sendable {
    public var value: Value
    public var origin: Origin

    public init(_ value: Value, origin: Origin) {
        self.value = value
        self.origin = origin
    }

    public static func == (a: Traced, b: Traced) -> Bool { a.value == b.value }
    public func hash(into hasher: inout Hasher) { hasher.combine(value) }
}
