/// The files that lines refer to.
struct FileTable {
    private(set) var files: [String: ConfigurationFile] = [:]
    private var uses: [String: Int] = [:]
    private var touched: Set<String> = []

    /// Adds a use. Of two contents the later one is newer: all that depends on an object goes before it comes back.
    mutating func add(_ file: ConfigurationFile) {
        uses[file.path, default: 0] += 1
        guard files[file.path] != file else { return }
        files[file.path] = file
        touched.insert(file.path)
    }

    mutating func remove(_ path: String) {
        guard let count = uses[path] else { return }
        uses[path] = count == 1 ? nil : count - 1
        guard count == 1 else { return }
        files[path] = nil
        touched.insert(path)
    }

    /// Sets a file that one place alone decides about; nil removes it.
    mutating func set(_ path: String, to file: ConfigurationFile?) {
        guard files[path] != file else { return }
        files[path] = file
        touched.insert(path)
    }

    mutating func takeTouched() -> Set<String> {
        defer { touched = [] }
        return touched
    }
}
