extension DesiredState {
    /// All files below the configuration directory by relative path: haproxy.cfg, maps, certificates and lists.
    public func renderedFiles(withOrigins: Bool = false) -> [String: [UInt8]] {
        files(with: RenderedConfiguration(loadedSections, withOrigins: withOrigins, isTextOnly: true))
    }

    func files(with configuration: RenderedConfiguration) -> [String: [UInt8]] {
        var rendered = files.mapValues(\.content)
        rendered["haproxy.cfg"] = Array(configuration.text.utf8)
        rendered[CertificateList.path] = Array(certificateList.text.utf8)
        let names = RunningNames(inlined: inlined)
        for (name, map) in maps { rendered[MapFile.path(name)] = Array(map.text(names).utf8) }
        return rendered
    }
}

extension DesiredState {
    /// For each backend the settings of most of its routes; none where more routes have none.
    private func settingsOfMost(limit: Int, except refused: Set<String>) -> [String: String] {
        var targets: [String] = []
        for map in RunningNames.inliningMaps where map != SectionNames.wholeHostsMap {
            // A dot at the end brings routes without settings to the others of their backend.
            targets += (maps[map]?.entries.values ?? [:].values).map { $0.utf8.contains(UInt8(ascii: ".")) ? $0 : $0 + "." }
        }
        targets.sort()
        var inlined: [String: String] = [:]
        var best: (backend: Substring, settings: Substring, uses: Int)?
        func choose() {
            guard let best, inlined.count < limit else { return }
            let (name, settings) = (String(best.backend), String(best.settings))
            if !settings.isEmpty, !refused.contains(settings), backends[name]?.takesInlinedSettings == true {
                inlined[name] = settings
            }
        }
        var index = 0
        while index < targets.count {
            let next = targets[index...].firstIndex { $0 != targets[index] } ?? targets.count
            let (uses, (backend, settings)) = (next - index, RunningNames.parts(targets[index][...]))
            index = next
            // What follows further dots is a choice among routes.
            guard let settings, !settings.utf8.contains(UInt8(ascii: ".")) else { continue }
            if let known = best, known.backend == backend {
                if uses > known.uses || uses == known.uses && known.settings.isEmpty { best = (backend, settings, uses) }
            } else {
                choose()
                best = (backend, settings, uses)
            }
        }
        choose()
        return inlined
    }

    /// All files for a HAProxy that is about to load them, as ``renderedFiles(withOrigins:)``: settings are written into backends, and
    /// ``inlined`` tells which.
    ///
    /// - Parameters:
    ///   - limit: how many backends may get some.
    ///   - refused: settings that HAProxy does not load as lines of a backend.
    public mutating func renderedFiles(
        inlining limit: Int, except refused: Set<String> = [], withOrigins: Bool = false
    ) -> [String: [UInt8]] {
        inlined = rules.isEmpty ? [:] : settingsOfMost(limit: limit, except: refused)
        var configuration = RenderedConfiguration(sectionsBeforeBackends, withOrigins: withOrigins, isTextOnly: true)
        for name in backends.keys.sorted() {
            guard let section = backends[name] else { continue }
            let lines = inlined[name].map { rules.lines($0, maps) ?? [] } ?? []
            if lines.isEmpty { inlined[name] = nil }
            configuration.append(section, startingWith: lines)
        }
        for section in reserve { configuration.append(section) }
        return files(with: configuration)
    }

    /// Whether a backend can have the settings that it is to have: routes must still have them.
    public func canInline(into backend: String) -> Bool {
        inlined[backend].map { rules.lines($0, maps) != nil && backends[backend]?.takesInlinedSettings == true } ?? false
    }

    /// A backend as HAProxy loads it: with the settings that are written into it.
    public func loadedBackend(_ name: String) -> Section? {
        guard var section = backends[name] else { return nil }
        if let settings = inlined[name], section.takesInlinedSettings, let lines = rules.lines(settings, maps) {
            section.lines = lines + section.lines
        }
        return section
    }
}
