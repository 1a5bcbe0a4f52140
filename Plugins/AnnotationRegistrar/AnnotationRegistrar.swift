import Foundation

/// The tool that the RegisterAnnotations plug-in runs: `AnnotationRegistrar OUTPUT SOURCE...` writes the list of the annotation
/// handlers that the sources declare. Exit status 1 with `FILE:LINE: error: ...` for handlers that cannot be listed.
@main
struct AnnotationRegistrar {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        guard let output = arguments.first else {
            report("usage: AnnotationRegistrar OUTPUT SOURCE...")
            exit(2)
        }
        do {
            let declarations = try arguments.dropFirst().flatMap { path in
                DeclarationScanner.declarations(in: try String(contentsOfFile: path, encoding: .utf8), file: path)
            }
            try write(HandlerList(declarations).source, to: output)
        } catch let problems as HandlerList.Problems {
            for problem in problems.all { report(problem.description) }
            exit(1)
        } catch {
            report("error: \(error.localizedDescription)")
            exit(1)
        }
    }

    /// Leaves an unchanged file alone, so that nothing is compiled again because of it.
    static func write(_ source: String, to path: String) throws {
        let url = URL(fileURLWithPath: path)
        if (try? Data(contentsOf: url)) == Data(source.utf8) { return }
        try Data(source.utf8).write(to: url, options: .atomic)
    }

    private static func report(_ message: String) {
        FileHandle.standardError.write(Data((message + "\n").utf8))
    }
}
