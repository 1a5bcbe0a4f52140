/// An optional value that few have: out of line, so that those without it have eight bytes for it.
@propertyWrapper
struct Rare<Value> {
    fileprivate indirect enum Storage {
        case none
        case some(Value)
    }

    private var storage: Storage

    var wrappedValue: Value? {
        get { if case .some(let value) = storage { value } else { nil } }
        set { storage = newValue.map { .some($0) } ?? .none }
    }

    init(wrappedValue: Value?) {
        storage = wrappedValue.map { .some($0) } ?? .none
    }
}

extension Rare: Sendable where Value: Sendable {}
extension Rare.Storage: Sendable where Value: Sendable {}
