import ArgumentParser
import Core
import Foundation

/// `haproxy-ingress lint`: what is wrong with manifests.
struct LintCommand: AnnotationCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Check manifests for mistakes.",
        discussion: """
            Finds what the controller would complain about: files that are not YAML, objects that an API server would refuse, \
            annotations that nobody knows (with the nearest known one), values that are not what the key takes, and references \
            to Services, ports and Secrets that are not in the files. Ingresses whose IngressClass is not in the files count as \
            this controller's. Each mistake comes with the file, line and column of the annotation or field.

            A path of - reads standard input, such as all Ingresses of a cluster:

              kubectl get ingress -A -o yaml | haproxy-ingress lint -

            Services, Secrets and ConfigMaps that are not in the input are not missed then: --report-missing reports them all \
            the same.

            --fix mends what can only mean one thing: older names and prefixes of keys, booleans and numbers without quotes, \
            and letter case. Comments, order and everything else in the files stay as they are. It tells each change, and then \
            what is left.

            Snippets of Ingresses and Services are noted on standard error: whoever may write one is trusted like the \
            controller. They are no mistakes.

            Exit status: 0 when nothing was found, 1 when something was, 2 when the arguments cannot be used.
            """)

    @Argument(help: "Directories and files with manifests; - is standard input.")
    var paths: [String]

    @Option(
        help: ArgumentHelp(
            """
            How to print: text for people, json for programs, github for annotations of a pull request, sarif (2.1.0) for code \
            scanning.
            """, valueName: "format"))
    var format = LintReport.Format.text

    @Flag(help: "Mend what is certain in the files, and tell what was changed.")
    var fix = false

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            """
            Tell nothing about an annotation or a key of the ConfigMap, and do not mend it; with or without prefix, older names \
            included. Fields are named by their path, such as spec.tls. Can be repeated, or a list with commas.
            """, valueName: "key"))
    var ignore: [String] = []

    @Flag(
        inversion: .prefixedNo,
        help: """
            Report references to objects that are not in the manifests. Without either: yes for files, no where standard input \
            is read.
            """)
    var reportMissing: Bool?

    @OptionGroup(title: "Configuration options")
    var options: ConfigurationOptions

    private var readsStandardInput: Bool { paths.contains("-") }

    mutating func validate() throws {
        if fix, readsStandardInput {
            throw ValidationError("--fix changes files, and - is none: give the files or directories to mend")
        }
    }

    mutating func run(annotations: AnnotationRegistry) async throws {
        let files = paths.filter { $0 != "-" }
        try OfflineAssembly.require(files)
        let ignored = IgnoredKeys(ignore, annotations: annotations)
        let repair = ManifestRepair(registry: annotations, configMap: options.configmap) { ignored.contains($0) }
        var report = LintReport(annotations: annotations, firstFile: Self.firstFile(of: files))
        if fix {
            (report.changes, report.findings) = ManifestFixes.make(repair, in: files)
        } else if format == .text {
            report.possibleChanges = ManifestFixes.count(repair, in: files)
        }
        let offline = try await OfflineAssembly(
            paths: files, standardInput: readsStandardInput ? try Self.standardInput() : nil, isLenient: true,
            options: options, annotations: annotations
        ) {
            $0.assumesMissingClassesAreOurs = true
        }
        let found = Self.findings(offline, reportsMissing: reportMissing ?? !readsStandardInput)
        let told = found.filter { !ignored.contains($0) }
        report.ignored = found.count - told.count
        report.findings = LintReport.sorted(report.findings + told)
        print(try report.text(format, terminal: .output), terminator: "")
        var notes = Self.notes(on: offline.assembly, annotations: annotations, ignored: ignored)
        if fix, format != .text { notes += report.changes.map { "fixed: \($0)" } }
        if offline.isEmpty { notes.append("\(paths.joined(separator: ", ")): no object that the controller reads is in there") }
        for note in notes { FileHandle.standardError.write(Data("note: \(note)\n".utf8)) }
        if !report.findings.isEmpty { throw ExitCode(1) }
    }

    /// The first of the manifest files below some paths; of paths without one the first path itself.
    private static func firstFile(of paths: [String]) -> String {
        ManifestDirectory(paths: paths).files.keys.min() ?? paths.first ?? ManifestSource.standardInputName
    }

    private static func standardInput() throws -> [UInt8] {
        do { return try Array(FileHandle.standardInput.readToEnd() ?? Data()) } catch {
            throw ValidationError("standard input cannot be read: \(error.localizedDescription)")
        }
    }

    /// Everything that is wrong, each with its place.
    static func findings(_ offline: OfflineAssembly, reportsMissing: Bool) -> Set<Finding> {
        struct Subject: Hashable {
            let object: ObjectKey?
            let key: String?
        }
        func subjects(_ findings: some Sequence<Finding>) -> Set<Subject> {
            Set(findings.filter { $0.severity == .error && $0.key != nil }.map { Subject(object: $0.object, key: $0.key) })
        }
        var findings = Set(offline.loaded.update.findings.map(offline.loaded.located))
        /// One mistake of a key is enough: the next check sees what is made of it.
        func add(_ further: [Finding]) {
            let told = subjects(findings)
            findings.formUnion(
                further.filter { !told.contains(Subject(object: $0.object, key: $0.key)) }.map(offline.loaded.located))
        }
        add(offline.assembly.findings)
        add(offline.engine.unusedServiceFindings(offline.store, assembly: offline.assembly))
        // Values that the routes of today do not read.
        add(offline.engine.valueFindings(offline.store))
        return reportsMissing ? findings : findings.filter { $0.missing == nil }
    }

    /// What is no mistake and gives something away: snippets of people who may not be trusted like the operator.
    static func notes(on assembly: AssemblyReport, annotations: AnnotationRegistry, ignored: IgnoredKeys) -> [String] {
        let snippets = assembly.valuesInForce.values.joined().filter { value in
            value.scope > .configMap && annotations.keys[value.key]?.typeName == ValueType<ConfigSnippet>.snippet.name
                && !ignored.contains(value.key)
        }
        return Set(
            snippets.map { value in
                """
                \(value.object): \(value.key) can read every file of HAProxy's and change what other namespaces' requests get; \
                --disable-config-snippets refuses it, as deploy/ does
                """
            }
        ).sorted()
    }
}

/// The keys of `--ignore`.
struct IgnoredKeys: Sendable {
    private let names: Set<String>
    private let annotations: AnnotationRegistry

    init(_ lists: [String], annotations: AnnotationRegistry) {
        self.annotations = annotations
        names = Set(
            lists.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
                .map(annotations.canonicalName))
    }

    /// Whether a key is meant, whatever prefix, older name or letter case it is written with.
    func contains(_ key: String) -> Bool { !names.isEmpty && names.contains(annotations.canonicalName(of: key)) }

    func contains(_ finding: Finding) -> Bool { finding.key.map(contains) ?? false }
}

/// `--fix`.
enum ManifestFixes {
    /// Mends the manifests below some paths.
    ///
    /// - Returns: what was changed, and which files could not be written.
    static func make(_ repair: ManifestRepair, in paths: [String]) -> (changes: [ManifestRepair.Change], problems: [Finding]) {
        var made: [ManifestRepair.Change] = []
        var problems: [Finding] = []
        for path in ManifestDirectory(paths: paths).files.keys.sorted() {
            // Reading it once more tells why it cannot be read.
            guard let bytes = try? ManifestFile.read(path) else { continue }
            let (mended, changes) = repair.repaired(bytes, file: path)
            guard !changes.isEmpty else { continue }
            do {
                try ManifestFile.replace(path, with: mended)
                made += changes
            } catch {
                problems.append(
                    Finding(
                        .error, "cannot be mended: \(error.reason)", expected: "a file that can be written",
                        location: SourceLocation(file: path, line: 1, column: 1)))
            }
        }
        return (made, problems)
    }

    /// How many changes ``make(_:in:)`` would make.
    static func count(_ repair: ManifestRepair, in paths: [String]) -> Int {
        ManifestDirectory(paths: paths).files.keys.reduce(0) { sum, path in
            sum + ((try? ManifestFile.read(path)).map { repair.repaired($0, file: path).changes.count } ?? 0)
        }
    }
}
