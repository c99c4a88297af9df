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

    /// The pool is gone: those who hold this are no longer held by it.
    func removeShards() -> [Shard] {
        all.withLock { shards in
            defer { shards = [] }
            return shards
        }
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

    func report(_ level: LogLevel, _ message: String) {
        if let log = configuration.log { return log(level, message) }
        let line = Array("vanilla: \(message)\n".utf8)
        // One write a line. There is nobody to tell of a failure.
        _ = unsafe write(STDERR_FILENO, line, line.count)
    }
}
