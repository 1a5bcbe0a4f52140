import Foundation

/// How the C library keeps this process's memory.
enum Heap {
    /// Makes what is given back go to the system rather than stay among what is used. To be called before there are threads.
    ///
    /// All threads share one arena: they seldom allocate at the same time, and what one has freed is of no use to another with an
    /// arena of its own. The text of a large file has pages of its own, however often such texts came and went.
    static func keepSmall() {
        // The numbers of malloc.h, which Swift's module of the C library leaves out.
        let (arenaMax, mmapThreshold): (Int32, Int32) = (-8, -3)
        _ = mallopt?(arenaMax, 1)
        _ = mallopt?(mmapThreshold, 256 * 1024)
    }

    /// Gives back what is free. A reload leaves much: a second state, and the text of every file.
    static func trim() { _ = mallocTrim?(0) }

    // nil in C libraries that do not have them.
    /// mallopt(3).
    private static let mallopt: (@convention(c) (Int32, Int32) -> Int32)? = dlsym(nil, "mallopt").map {
        unsafeBitCast($0, to: (@convention(c) (Int32, Int32) -> Int32).self)
    }
    /// malloc_trim(3).
    private static let mallocTrim: (@convention(c) (Int) -> Int32)? = dlsym(nil, "malloc_trim").map {
        unsafeBitCast($0, to: (@convention(c) (Int) -> Int32).self)
    }
}
