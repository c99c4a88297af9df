// SPDX-License-Identifier: MIT

internal import Synchronization
internal import Vanilla

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// What the workers of a pool have in common. On any thread.
final class Shared: Sendable {
    let configuration: PostgresPool.Configuration
    let resolver: Resolver
    /// Connections of all workers.
    private let size = Atomic(0)
    /// Threads that cancel.
    private let cancelling = Atomic(0)
    /// One for each worker that has asked.
    private let all = Lock<[Shard]>([])

    init(_ configuration: PostgresPool.Configuration) throws(PostgresError) {
        try configuration.check()
        self.configuration = configuration
        resolver = try Resolver(configuration.connection)
    }

    var shards: [Shard] { all.withLock { $0 } }

    func add(_ shard: Shard) {
        all.withLock { $0.append(shard) }
    }

    /// One more connection, if the process may have one.
    func take() -> Bool {
        let (_, size) = size.add(1, ordering: .relaxed)
        if size <= configuration.maximumInProcess { return true }
        give()
        return false
    }

    func give() {
        size.subtract(1, ordering: .relaxed)
    }

    /// So many threads may be blocked by a server that does not answer.
    private static let cancellingLimit = 8

    /// Has the server cancel, on a thread of its own; `done` is called there. False when there are
    /// too many of those.
    func cancel(_ canceller: Canceller, _ done: @escaping @Sendable () -> Void) -> Bool {
        let (_, count) = cancelling.add(1, ordering: .relaxed)
        let begun =
            count <= Self.cancellingLimit
            && HelperThread.run {
                canceller.run()
                self.cancelling.subtract(1, ordering: .relaxed)
                done()
            }
        if !begun { cancelling.subtract(1, ordering: .relaxed) }
        return begun
    }

    func report(_ level: LogLevel, _ message: String) {
        if let log = configuration.log { return log(level, message) }
        let line = Array("vanilla: \(message)\n".utf8)
        // One write a line. There is nobody to tell of a failure.
        _ = unsafe write(STDERR_FILENO, line, line.count)
    }
}
