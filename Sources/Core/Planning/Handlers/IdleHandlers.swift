/// Which handlers make nothing of a route as long as none of the keys they look for is written.
///
/// A handler makes the same of the same values: one that looked at nothing but keys and found none need not be asked again where
/// there are none. Nearly all objects have few of all the keys.
final class IdleHandlers {
    private var isIdle: [Bool]
    /// Those that look for a key, by the key's name.
    private var readers: [String: [Int]] = [:]

    init(count: Int) { isIdle = Array(repeating: false, count: count) }

    /// Remembers what a handler found that made nothing.
    func learn(_ handler: Int, from values: AnnotationValues) {
        guard !isIdle[handler], values.foundNothing else { return }
        isIdle[handler] = true
        for names in values.asked { for name in names { readers[name, default: []].append(handler) } }
    }

    /// The handlers that have something to say, by their place.
    func busy(_ sets: [(scope: Scope, set: AnnotationSet)]) -> [Bool] {
        var busy = isIdle.map { !$0 }
        for (_, set) in sets {
            for name in set.entries.keys { for handler in readers[name] ?? [] { busy[handler] = true } }
        }
        return busy
    }
}
