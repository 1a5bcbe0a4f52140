import Core
import Foundation

/// Manifest files as a source of objects; changes of the files become updates.
///
/// The objects of a file that is broken, or of a directory that cannot be read, stay as they last were. Only a file that is known to be
/// gone takes its objects with it.
public struct ManifestSource: Sendable {
    private let paths: [String]
    private let quiet: Duration

    /// - Parameters:
    ///   - paths: directories, in which `*.yaml`, `*.yml` and `*.json` are found at any depth, and files of any name.
    ///   - quiet: how long nothing must have happened before changed files are read.
    public init(paths: [String], quiet: Duration = .milliseconds(20)) {
        self.paths = paths
        self.quiet = quiet
    }

    /// The whole state, then every change, until the consuming task is cancelled or the stream is let go.
    ///
    /// A thread of its own does the waiting and reading, so that a large file holds up nobody else.
    /// - Throws: ``ManifestSourceError`` when the system has no descriptors left for watching.
    public func updates() throws -> AsyncStream<SourceUpdate> {
        let stop: WakeSignal
        let inotify: OwnedDescriptor
        do {
            stop = try WakeSignal()
            inotify = try InotifyWatcher.open()
        } catch {
            throw ManifestSourceError(reason: String(cString: strerror(error.code)).lowercased())
        }
        let (stream, continuation) = AsyncStream.makeStream(of: SourceUpdate.self)
        continuation.onTermination = { _ in stop.give() }
        Thread.detachNewThread { [paths, quiet] in
            var follower = ManifestFollower(paths: paths, quiet: quiet, watcher: InotifyWatcher(inotify))
            follower.run(until: stop) { continuation.yield($0) }
            continuation.finish()
        }
        return stream
    }

    /// Reads the files once.
    ///
    /// - Parameters:
    ///   - standardInput: the manifests of one more file, which is called ``standardInputName``.
    ///   - isLenient: as in `decodeDocuments`.
    public static func load(
        paths: [String], standardInput: [UInt8]? = nil, isLenient: Bool = false
    ) -> LoadedManifests {
        let directory = ManifestDirectory(paths: paths)
        var set = ManifestSet()
        for path in directory.files.keys.sorted() { set.read(path, keepsOutlines: true, isLenient: isLenient) }
        if let standardInput {
            set.replace(
                standardInputName,
                with: decodeDocuments(standardInput, file: standardInputName, keepsOutlines: true, isLenient: isLenient))
        }
        var update = set.takeUpdate()
        update.findings = directory.unreadable.sorted { $0.key < $1.key }.map(\.value) + update.findings
        return LoadedManifests(update: update, set: set)
    }
}

extension ManifestSource {
    /// The name of standard input in findings.
    public static let standardInputName = "stdin"
}

/// The objects of files that were read once.
public struct LoadedManifests: Sendable {
    public var update: SourceUpdate
    fileprivate let set: ManifestSet

    /// Where an object begins.
    public func location(of object: ObjectKey) -> SourceLocation? { set.location(of: object) }

    /// The finding with the place of the annotation or field that it is about.
    public func located(_ finding: Finding) -> Finding {
        var located = finding
        located.location =
            finding.location == nil ? set.location(of: finding) : set.annotationLocation(of: finding) ?? finding.location
        return located
    }
}

/// The system cannot watch files.
public struct ManifestSourceError: Error, CustomStringConvertible {
    public let reason: String

    public var description: String {
        "cannot watch manifests: \(reason); raise the limits fs.inotify.max_user_instances or the number of open files"
    }
}

extension ManifestSet {
    /// Reads a file anew.
    mutating func read(_ path: String, keepsOutlines: Bool = false, isLenient: Bool = false) {
        do {
            let bytes = try ManifestFile.read(path)
            replace(path, with: decodeDocuments(bytes, file: path, keepsOutlines: keepsOutlines, isLenient: isLenient))
        } catch {
            // Gone between the look and the reading: the next look tells.
            if error.code == ENOENT { return }
            keep(path, because: Finding(.error, error.message, location: SourceLocation(file: path, line: 1, column: 1)))
        }
    }
}
