// SPDX-License-Identifier: MIT

internal import Synchronization
internal import Vanilla

/// Finds a worker's part of the pool without a lock: by the worker's number. Where several servers
/// use one pool, their workers share numbers, and those that came later are found with a lock.
@safe
final class ShardTable: @unchecked Sendable {
    let shared: Shared
    private let quota: ConnectionQuota<Shard>
    /// In each a shard that the quota retains as long as the pool lives; set once.
    private let slots: UnsafeMutablePointer<Atomic<UInt>>
    private let others = Lock<[Shard]>([])

    /// A server has no more workers.
    private static let count = 1024

    init(_ shared: Shared) {
        self.shared = shared
        quota = ConnectionQuota(shared.configuration.maximumInProcess)
        unsafe slots = .allocate(capacity: Self.count)
        for index in 0..<Self.count { unsafe (slots + index).initialize(to: Atomic(0)) }
    }

    deinit {
        unsafe slots.deinitialize(count: Self.count)
        unsafe slots.deallocate()
    }

    /// One for each worker that has asked.
    var shards: [Shard] { quota.members }

    /// The pool is gone: shards, which end now, are no longer retained by it.
    func removeShards() -> [Shard] {
        quota.removeMembers()
    }

    /// The part of the worker whose thread this is.
    ///
    /// - Throws: ``PostgresError`` of the kind `misuse` on a thread that is not a worker's.
    func find() throws(PostgresError) -> Shard {
        guard let index = Worker.currentIndex else {
            throw PostgresError(
                .misuse,
                "A pool is used on a worker's thread: in a handler, or a task on its executor.")
        }
        // Less than there are slots.
        let slot = unsafe slots + index & (Self.count - 1)
        let found = unsafe UnsafeRawPointer(
            bitPattern: slot.pointee.load(ordering: .acquiring))
        if let found = unsafe found {
            // Retained by the quota.
            let shard = unsafe Unmanaged<Shard>.fromOpaque(found).takeUnretainedValue()
            if shard.isHere { return shard }
        }
        return unsafe make(slot)
    }

    @unsafe
    private func make(_ slot: UnsafeMutablePointer<Atomic<UInt>>) -> Shard {
        if let other = others.withLock({ $0.first { $0.isHere } }) { return other }
        // That this is a worker's thread is known.
        let shard = Shard(worker: Worker.current!, shared: shared, quota: quota)
        // Made by a handler that goes on after its worker's end.
        if shard.isEnded { return shard }
        quota.join(shard)
        let pointer = unsafe UInt(bitPattern: Unmanaged.passUnretained(shard).toOpaque())
        let (isFirst, _) = unsafe slot.pointee.compareExchange(
            expected: 0, desired: pointer, ordering: .acquiringAndReleasing)
        if !isFirst { others.withLock { $0.append(shard) } }
        return shard
    }
}
