import Foundation
import PackagePlugin

/// Lists the annotation handlers of the target it is applied to in a generated `AnnotationHandlers.all`.
@main
struct RegisterAnnotations: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        guard let sources = target.sourceModule?.sourceFiles(withSuffix: ".swift").map(\.url) else { return [] }
        let output = context.pluginWorkDirectoryURL.appending(path: "AnnotationHandlers.swift")
        let inputs = sources.sorted { $0.path < $1.path }
        return [
            .buildCommand(
                displayName: "Registering the annotation handlers of \(target.name)",
                executable: try context.tool(named: "AnnotationRegistrar").url,
                arguments: [output.path(percentEncoded: false)] + inputs.map { $0.path(percentEncoded: false) },
                inputFiles: inputs, outputFiles: [output])
        ]
    }
}
