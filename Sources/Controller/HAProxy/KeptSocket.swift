import Glibc

/// A second name of a Unix socket, with which it gets its own name back from a process that took it and ended.
///
/// A HAProxy that loads after a failed reload is not given the sockets of the worker that serves (seen with 3.4): it binds new
/// ones, and when it fails as well, the runtime socket's name leads to nobody, though the old worker still listens.
struct KeptSocket {
    private let path: String
    private var kept: String { "\(path).kept.bak" }

    /// Gives the socket its second name, if it is there.
    init(_ path: String) {
        self.path = path
        unlink(kept)
        link(path, kept)
    }

    /// Gives the socket its own name back. Does nothing where it has it.
    func restore() { rename(kept, path) }

    /// Removes the second name.
    func forget() { unlink(kept) }
}
