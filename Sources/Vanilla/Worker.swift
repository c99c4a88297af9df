// SPDX-License-Identifier: MIT

/// One of a server's threads, each with its own connections, listener and handler.
public struct Worker: Sendable, Hashable {
    /// Its number, from zero; zero in `Server.handle`, too.
    public let index: Int
}
