extension RunningState {
    /// Why a section needs a reload; empty when the running one will do.
    func reloadReasons(_ section: Section) -> [ReloadReason] {
        guard let running = runningSection(section.header) else {
            return [
                ReloadReason(
                    section.isBackend ? .newBackend : .newSection, "\(section.header) is new", origin: section.origin)
            ]
        }
        let features = Set(section.lines.compactMap(\.feature))
        // Rules of a feature that no route uses any more may stay until the next reload.
        let lines = running.lines.filter { line in line.feature.map { features.contains($0) } ?? true }
        if lines.map(\.fixedPart) != section.lines.map(\.fixedPart) {
            let difference = section.lines.difference(from: lines)
            let changes = difference.insertions + difference.removals
            // Where an object's line takes the place of a default one, the object is the cause.
            let changed = changes.first { $0.line.origin.object != nil } ?? changes.first
            let (line, verb): (Section.Line?, String) =
                switch changed {
                case .insert(_, let line, _): (line, "has a new line")
                case .remove(_, let line, _): (line, "loses a line")
                case nil: (nil, "has its lines in another order")
                }
            return [
                ReloadReason(
                    .lines, "\(section.header) \(verb)\(line.map { ": \($0.directive.text)" } ?? "")",
                    origin: line?.origin ?? section.origin)
            ]
        }
        for line in section.lines {
            guard let setting = line.setting, let value = setting.highest, value > highestSettings[setting.id] ?? 0 else {
                continue
            }
            return [
                ReloadReason(
                    .lines, "\(section.header) has \(line.directive.text), more than HAProxy was started with",
                    origin: line.origin)
            ]
        }
        guard let pool = section.pool, let old = running.pool else { return [] }
        if pool.keywordText != old.keywordText {
            return [
                ReloadReason(
                    .servers, "\(section.header) has other server keywords: \(pool.keywordText)",
                    origin: pool.keywords.last?.origin ?? section.origin)
            ]
        }
        if pool.replaceableText != old.replaceableText, pool.slots != nil || pool.generation == old.generation {
            return [
                ReloadReason(
                    .servers, "\(section.header) has other server keywords: \(pool.replaceableText)",
                    origin: pool.replaceable.last?.origin ?? section.origin)
            ]
        }
        if (pool.slots == nil) != (old.slots == nil) {
            return [
                ReloadReason(
                    .slots, "\(section.header) changes to or from an algorithm that takes servers at run time",
                    origin: section.origin)
            ]
        }
        if pool.cookies != old.cookies {
            return [ReloadReason(.servers, "\(section.header) names its servers otherwise in cookies", origin: section.origin)]
        }
        if pool.slots != nil, pool.slotStep != old.slotStep {
            return [ReloadReason(.slots, "\(section.header) provisions server slots otherwise", origin: section.origin)]
        }
        if let slots = slots[runningName(section.name)], pool.servers.count > slots {
            return [ReloadReason(.slots, "\(section.header) needs more than its \(slots) server slots", origin: section.origin)]
        }
        return []
    }
}

extension RunningState {
    /// Whether servers with other keywords take the place of those that the backend has.
    func adopts(_ section: Section) -> Bool {
        guard let pool = section.pool, let running = runningSection(section.header)?.pool else { return false }
        return pool.replaceableText != running.replaceableText
    }

    /// Why other servers cannot take over: a route that leaves the backend in the same moment, for one with the keywords that it
    /// asks for, may not be served by them even once.
    ///
    /// - Parameter adopting: sections whose servers are replaced.
    func partingReasons(_ adopting: [Section], to desired: DesiredState, in parts: ChangedParts) -> [ReloadReason] {
        guard !adopting.isEmpty else { return [] }
        var left: Set<String> = []
        for name in Self.routingMaps.union([ConditionTable.mapName]) {
            guard let running = maps[name] else { continue }
            let wanted = desired.maps[name]?.entries ?? [:]
            for key in parts.isEverything ? Set(running.keys) : parts.maps[name] ?? [] {
                guard let target = running[key] else { continue }
                let backend = RunningNames.parts(RunningNames.target(target, in: name)).backend
                if wanted[key].map({ RunningNames.parts(RunningNames.target($0, in: name)).backend }) != backend {
                    left.insert(String(backend))
                }
            }
        }
        return adopting.filter { left.contains($0.name) }.map { section in
            let text = section.pool?.replaceableText ?? ""
            return ReloadReason(
                .servers, "\(section.header) has other server keywords, and a route leaves it: \(text.isEmpty ? "none" : text)",
                origin: section.pool?.replaceable.last?.origin ?? section.origin)
        }
    }
}

extension CollectionDifference<Section.Line>.Change {
    fileprivate var line: Section.Line {
        switch self {
        case .insert(_, let line, _), .remove(_, let line, _): line
        }
    }
}
