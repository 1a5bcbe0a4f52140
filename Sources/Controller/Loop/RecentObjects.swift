import Core

/// The objects that HAProxy's last change is about, as far as a line of the log can name them.
struct RecentObjects {
    private static let limit = 3
    private var first: [ObjectKey] = []
    private var endpoints: ObjectKey?
    private var isIncomplete = false

    /// Endpoints hide nobody: they change all the time, and what needs a reload for them says so itself.
    mutating func note(_ object: ObjectKey) {
        if first.contains(object) { return }
        if object.kind == .endpointSlice || object.kind == .endpoints {
            if first.isEmpty { endpoints = endpoints ?? object }
            return
        }
        if first.count < Self.limit { first.append(object) } else { isIncomplete = true }
    }

    /// What comes behind the reasons of a reload, where these do not tell themselves who asked for what; empty when there is
    /// nothing to say.
    func words(for reasons: [ReloadReason]) -> String {
        let first = first.isEmpty ? [endpoints].compactMap { $0 } : first
        guard !first.isEmpty, reasons.contains(where: { $0.origin.object == nil && $0.kind != .start }) else { return "" }
        return "; what changed: " + first.map(\.description).joined(separator: ", ") + (isIncomplete ? " and others" : "")
    }
}
