import Foundation
import PackagePlugin

/// `swift package --allow-writing-to-package-directory generate-reference` writes Docs/annotations with the reference that the
/// annotation handlers carry.
@main
struct GenerateReference: CommandPlugin {
    func performCommand(context: PluginContext, arguments: [String]) async throws {
        let process = Process()
        process.executableURL = try context.tool(named: "haproxy-ingress").url
        process.currentDirectoryURL = context.package.directoryURL
        process.arguments = ["annotations", "--format", "markdown", "--output", "Docs/annotations"] + arguments
        try process.run()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            Diagnostics.error("haproxy-ingress annotations ended with status \(process.terminationStatus)")
            return
        }
    }
}
