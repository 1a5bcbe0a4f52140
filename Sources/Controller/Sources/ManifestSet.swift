import Core

/// The objects of many manifest files, as they are in force: a file or object that became unreadable stays as it last was.
struct ManifestSet {
    private var files: [String: File] = [:]
    /// The files that hold an object, sorted; the first one's version is in force.
    private var claimants: [ObjectKey: [String]] = [:]
    private var contested: Set<ObjectKey> = []
    /// The objects that were touched since the last update, as they were in force then.
    private var before: [ObjectKey: Before] = [:]
    /// Until the first update nothing was in force.
    private var isNew = true

    private struct File {
        var objects: [ObjectKey: Entry] = [:]
        var findings: [Finding] = []
        var skipped: [String] = []
        var outlines: [ObjectKey: ObjectOutline] = [:]
        /// Whether the file has been readable to its end at some time.
        var hasBeenComplete = false
    }

    private struct Entry {
        var object: KubernetesObject
        var location: SourceLocation
    }

    private struct Before {
        var object: KubernetesObject?
    }

    var paths: some Collection<String> { files.keys }

    /// Where the version of an object that is in force begins.
    func location(of object: ObjectKey) -> SourceLocation? {
        claimants[object]?.first.flatMap { files[$0]?.objects[object]?.location }
    }

    /// Where the annotation or field stands that a finding is about, when outlines were kept; else where its object begins.
    func location(of finding: Finding) -> SourceLocation? {
        guard let object = finding.object, let path = claimants[object]?.first else { return nil }
        return files[path]?.outlines[object]?.mark(of: finding).location(in: path) ?? location(of: object)
    }

    /// Where the annotation begins whose value a finding of a file is about.
    func annotationLocation(of finding: Finding) -> SourceLocation? {
        guard let object = finding.object, let key = finding.key, let path = finding.location?.file else { return nil }
        return files[path]?.outlines[object]?.annotationMark(key)?.location(in: path)
    }

    /// Takes a file's new content.
    mutating func replace(_ path: String, with decoded: DecodedFile) {
        var file = files[path] ?? File()
        let old = file.objects
        file.findings = decoded.findings
        file.outlines = decoded.outlines
        if decoded.isComplete || !file.hasBeenComplete {
            file.skipped = decoded.skipped
            file.objects = decoded.objects.reduce(into: [:]) { objects, entry in
                objects[entry.object.key] = Entry(object: entry.object, location: entry.location)
            }
            for key in decoded.refused where file.objects[key] == nil { file.objects[key] = old[key] }
            // An API server would have left the last version in force too. At a start there is none.
            for key in decoded.incomplete { file.objects[key] = old[key] ?? file.objects[key] }
            file.hasBeenComplete = file.hasBeenComplete || decoded.isComplete
        }
        store(file, at: path, replacing: old)
    }

    /// Keeps a file's objects, since its content cannot be read at this time.
    mutating func keep(_ path: String, because finding: Finding) {
        files[path, default: File()].findings = [finding]
    }

    mutating func remove(_ path: String) {
        guard let file = files[path] else { return }
        store(File(), at: path, replacing: file.objects)
        files[path] = nil
    }

    private mutating func store(_ file: File, at path: String, replacing old: [ObjectKey: Entry]) {
        for (key, entry) in file.objects where old[key]?.object != entry.object { remember(key) }
        for key in old.keys where file.objects[key] == nil {
            remember(key)
            claimants[key]?.removeAll { $0 == path }
            if claimants[key]?.isEmpty == true { claimants[key] = nil }
            if claimants[key]?.count == 1 { contested.remove(key) }
        }
        for key in file.objects.keys where old[key] == nil {
            if var paths = claimants[key] {
                paths.insert(path, at: paths.firstIndex { path < $0 } ?? paths.endIndex)
                claimants[key] = paths
                contested.insert(key)
            } else {
                claimants[key] = [path]
            }
        }
        files[path] = file
    }

    private func inForce(_ key: ObjectKey) -> KubernetesObject? {
        guard let path = claimants[key]?.first else { return nil }
        return files[path]?.objects[key]?.object
    }

    private mutating func remember(_ key: ObjectKey) {
        if !isNew, before[key] == nil { before[key] = Before(object: inForce(key)) }
    }

    /// What has changed since the last call; sorted by key.
    mutating func takeUpdate() -> SourceUpdate {
        var update = SourceUpdate(isInitial: isNew)
        for key in isNew ? claimants.keys.sorted() : before.keys.sorted() {
            let now = inForce(key)
            guard now != before[key]?.object else { continue }
            if let now { update.changed.append(now) } else { update.deleted.append(key) }
        }
        (before, isNew) = ([:], false)
        let speaking = files.filter { !$0.value.findings.isEmpty || !$0.value.skipped.isEmpty }.sorted { $0.key < $1.key }
        update.findings = speaking.flatMap(\.value.findings) + contested.sorted().flatMap(conflicts)
        update.skipped = speaking.flatMap(\.value.skipped)
        return update
    }

    /// The versions of an object that are not in force.
    private func conflicts(_ key: ObjectKey) -> [Finding] {
        let places = (claimants[key] ?? []).compactMap { files[$0]?.objects[key]?.location }
        guard let winner = places.first else { return [] }
        return places.dropFirst().map { place in
            Finding(
                .error, object: key, "is in two files; the version at \(winner) is in force", expected: "each object in one file",
                location: place)
        }
    }
}
