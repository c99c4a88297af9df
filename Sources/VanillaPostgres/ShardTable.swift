// SPDX-License-Identifier: MIT

internal import Synchronization
internal import Vanilla

/// Finds a worker's part of the pool without a lock: by the worker's number. Where several servers
/// use one pool, their workers share numbers, and those that came later are found with a lock.
@safe
final class ShardTable: Sendable {
    private let shared: Shared
    private let slots: [Slot]
    private let others = Lock<[Shard]>([])

    private final class Slot: Sendable {
        /// A shard that the pool holds as long as it lives; set once.
        let shard = Atomic<UInt>(0)
    }

    /// A server has no more workers.
    private static let count = 1024

    init(_ shared: Shared) {
        self.shared = shared
        slots = (0..<Self.count).map { _ in Slot() }
    }

    /// The part of the worker whose thread this is.
    ///
    /// - Throws: ``PostgresError`` of the kind `misuse` on a thread that is no worker.
    func find() throws(PostgresError) -> Shard {
        guard let worker = Worker.current else {
            throw PostgresError(
                .misuse,
                "A pool is used on a worker's thread: in a handler, or a task on its executor.")
        }
        let slot = slots[worker.index & (Self.count - 1)]
        let found = unsafe UnsafeRawPointer(bitPattern: slot.shard.load(ordering: .acquiring))
        if let found = unsafe found {
            // Held by `shared`.
            let shard = unsafe Unmanaged<Shard>.fromOpaque(found).takeUnretainedValue()
            if shard.isHere { return shard }
        }
        return make(worker, slot)
    }

    private func make(_ worker: Worker, _ slot: Slot) -> Shard {
        if let other = others.withLock({ $0.first { $0.isHere } }) { return other }
        let shard = Shard(worker: worker, shared: shared)
        shared.add(shard)
        let pointer = unsafe UInt(bitPattern: Unmanaged.passUnretained(shard).toOpaque())
        let (isFirst, _) = slot.shard.compareExchange(
            expected: 0, desired: pointer, ordering: .acquiringAndReleasing)
        if !isFirst { others.withLock { $0.append(shard) } }
        return shard
    }
}
