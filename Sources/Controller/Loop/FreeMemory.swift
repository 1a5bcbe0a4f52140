import Foundation

/// The memory that this process has from the system and does not use.
enum FreeMemory {
    /// Gives it back. The C library keeps it otherwise, among what is used, and a reload leaves much: a second state, and the text
    /// of every file.
    static func giveBack() { _ = trim?(0) }

    /// malloc_trim(3), which Swift's module of the C library leaves out; nil in C libraries that do not have it.
    private static let trim: (@convention(c) (Int) -> Int32)? = dlsym(nil, "malloc_trim").map {
        unsafeBitCast($0, to: (@convention(c) (Int) -> Int32).self)
    }
}
