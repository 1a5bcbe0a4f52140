/// The Secrets whose certificates Ingresses use, each read once.
struct SecretTable {
    private struct Use {
        let loaded: LoadedSecret
        var count = 0
    }

    private struct Source {
        let file: ConfigurationFile
        let secret: ObjectKey
    }

    private var uses: [ObjectKey: Use] = [:]
    /// The files of the Secrets, whether they are listed or not, by path.
    private var sources: [String: Source] = [:]

    func loaded(_ key: ObjectKey) -> LoadedSecret? { uses[key]?.loaded }
    func file(_ path: String) -> ConfigurationFile? { sources[path]?.file }
    func secret(ofFile path: String) -> ObjectKey? { sources[path]?.secret }

    /// Each use has to be given back.
    ///
    /// - Returns: the paths of the files that are there now and were not.
    mutating func use(_ key: ObjectKey, _ loaded: LoadedSecret, findings: inout FindingTable) -> [String] {
        defer { uses[key]?.count += 1 }
        guard uses[key] == nil else { return [] }
        uses[key] = Use(loaded: loaded)
        findings.add(loaded.warnings)
        for (file, _) in loaded.certificates { sources[file.path] = Source(file: file, secret: key) }
        return loaded.certificates.map(\.file.path)
    }

    /// - Returns: the paths of the files that are gone.
    mutating func giveBack(_ key: ObjectKey, findings: inout FindingTable) -> [String] {
        guard let use = uses[key] else { return [] }
        guard use.count == 1 else {
            uses[key]?.count -= 1
            return []
        }
        uses[key] = nil
        findings.remove(use.loaded.warnings)
        for (file, _) in use.loaded.certificates { sources[file.path] = nil }
        return use.loaded.certificates.map(\.file.path)
    }
}
