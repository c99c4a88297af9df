// SPDX-License-Identifier: MIT

extension Server {
    /// Adds something to do at each start, once for all workers: before any of them accepts, and
    /// after what was added before.
    ///
    /// ```swift
    /// server.onStart { try await pool.query("create table if not exists notes (text text)") }
    /// server.onStop { try await pool.query("delete from sessions") }
    /// try server.run()
    /// ```
    ///
    /// The workers run meanwhile, so that everything a handler may do works: ``Worker/current``, a
    /// pool of database connections, `Worker.offload`. The server listens already, and clients that
    /// connect wait. It has all the time that it wants; a stop or a signal cancels its task.
    ///
    /// When it throws, the start ends: `start()` and `run()` throw a ``ServerError`` of the kind
    /// `startFailed`, whose `cause` is what was thrown, once the stop hooks that were added before
    /// it have run.
    ///
    /// From any thread. It counts from the next start on, and for the servers of tests that are
    /// made from this one as well.
    ///
    /// - Parameter hook: Called once for each start.
    public func onStart(_ hook: @escaping Hook) {
        hooks.life.withLock { $0.append(.start(hook)) }
    }

    /// Adds something to do at each end, once for all workers: when no connection is left, every
    /// handler has returned, and what was added after it is done. What was opened last is closed
    /// first.
    ///
    /// The workers run meanwhile, as for ``onStart(_:)``. It runs only where the start hooks that
    /// were added before it have succeeded. Its task is cancelled when the time of the stop is
    /// over, but not within two seconds; it has a second more to return. What it throws is logged,
    /// and the next hook is called.
    ///
    /// From any thread. It counts from the next start on.
    ///
    /// - Parameter hook: Called once for each start.
    public func onStop(_ hook: @escaping Hook) {
        hooks.life.withLock { $0.append(.stop(hook)) }
    }
}
