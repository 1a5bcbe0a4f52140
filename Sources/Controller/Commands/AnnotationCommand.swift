import ArgumentParser
import Core

/// A subcommand that needs the annotation handlers of the binary it runs in.
protocol AnnotationCommand: ParsableCommand {
    mutating func run(annotations: AnnotationRegistry) async throws
}
