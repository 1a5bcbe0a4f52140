import Foundation

/// The directory that holds the generated pages.
struct ReferenceDirectory {
    let url: URL

    /// Makes the directory hold these pages: writes those that differ, and removes generated ones that are no longer among them.
    /// Files without the generated header are not touched.
    ///
    /// - Returns: the names of the files that changed, in order.
    func hold(_ pages: ReferencePages) throws -> [String] {
        let files = FileManager.default
        try files.createDirectory(at: url, withIntermediateDirectories: true)
        var changed: [String] = []
        for (name, text) in pages.files {
            let file = url.appending(path: name)
            if (try? Data(contentsOf: file)) == Data(text.utf8) { continue }
            try Data(text.utf8).write(to: file, options: .atomic)
            changed.append(name)
        }
        for name in try files.contentsOfDirectory(atPath: url.path) where name.hasSuffix(".md") && pages.files[name] == nil {
            let file = url.appending(path: name)
            guard let text = try? String(contentsOf: file, encoding: .utf8), text.hasPrefix(ReferencePages.header) else {
                continue
            }
            try files.removeItem(at: file)
            changed.append(name)
        }
        return changed.sorted()
    }
}
