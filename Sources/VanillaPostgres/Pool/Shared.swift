// SPDX-License-Identifier: MIT

internal import Synchronization
internal import Vanilla

/// What the workers of a pool have in common. On any thread.
final class Shared: Sendable {
    let configuration: PostgresPool.Configuration
    let resolver: Resolver
    /// Connections of all workers.
    private let size = Atomic(0)
    /// One for each worker that has asked.
    private let all = Lock<[Shard]>([])
    /// Those that have none and may not open one, and how many they are.
    private let hungry = Lock<[Shard]>([])
    private let hungryCount = Atomic(0)

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
        var seen = size.load(ordering: .sequentiallyConsistent)
        while seen < configuration.maximumInProcess {
            let (isTaken, now) = size.weakCompareExchange(
                expected: seen, desired: seen + 1, ordering: .sequentiallyConsistent)
            if isTaken { return true }
            seen = now
        }
        return false
    }

    /// One less; a worker that waits for it has it.
    func give() {
        guard let heir = nextHungry() else {
            size.subtract(1, ordering: .sequentiallyConsistent)
            return
        }
        heir.worker.run { heir.inherit() }
    }

    /// Whether the process may have one more.
    var hasRoom: Bool { size.load(ordering: .relaxed) < configuration.maximumInProcess }
}

// MARK: - Workers that have none

extension Shared {
    var isSomebodyHungry: Bool { hungryCount.load(ordering: .sequentiallyConsistent) > 0 }

    /// The worker waits for a connection that another one has to spare; the others are asked.
    func hunger(_ shard: Shard) {
        hungry.withLock { shards in
            shards.append(shard)
            hungryCount.store(shards.count, ordering: .sequentiallyConsistent)
        }
        for other in shards where other !== shard {
            other.worker.run { other.spare() }
        }
    }

    /// It has one, or ends.
    func satisfy(_ shard: Shard) {
        hungry.withLock { shards in
            shards.removeAll { $0 === shard }
            hungryCount.store(shards.count, ordering: .sequentiallyConsistent)
        }
    }

    private func nextHungry() -> Shard? {
        guard isSomebodyHungry else { return nil }
        return hungry.withLock { shards in
            guard !shards.isEmpty else { return nil }
            hungryCount.store(shards.count - 1, ordering: .sequentiallyConsistent)
            return shards.removeFirst()
        }
    }
}
