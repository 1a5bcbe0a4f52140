import Core
import Foundation

/// The second configuration file that the Go project's controller gives to HAProxy (its documentation, "Secondary HAProxy config file").
/// It is not read here; whoever has one is told.
///
/// HAProxy reads several files as one. So a section of that file, such as `defaults`, would change what the rendered lines mean, and a
/// line in it that HAProxy refuses would have no object that it could be attributed to.
enum AuxiliaryConfiguration {
    static let name = "haproxy-aux.cfg"

    /// A line of the log for each such file that holds something.
    ///
    /// - Parameter directories: where to look; that of HAProxy's files here, and those of the Go controller's images.
    static func notes(in directories: [String]) -> [String] {
        var seen: Set<String> = []
        return directories.map { "\($0)/\(name)" }.filter { path in
            guard let content = FileManager.default.contents(atPath: path), !content.isEmpty else { return false }
            return seen.insert(URL(fileURLWithPath: path).resolvingSymlinksInPath().path).inserted
        }.map { path in
            """
            \(path) is not read. The keys global-config-snippet, frontend-config-snippet, backend-config-snippet and \
            stats-config-snippet take its lines, and the controller's own sections stand for its others; \
            Docs/migrating-from-haproxytech.md tells more.
            """
        }
    }

    /// Where the Go controller's images have it.
    static let usualDirectories = ["/etc/haproxy", "/usr/local/etc/haproxy"]
}
