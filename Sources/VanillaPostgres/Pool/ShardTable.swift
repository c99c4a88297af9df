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

    /// The part of the worker that the caller belongs to. In a function that may be called in an
    /// actor, what the thread says counts only where it is called in none: the runtime has a thread
    /// that holds an actor run the jobs of others' tasks in it.
    ///
    /// - Throws: ``PostgresError`` of the kind `misuse` where there is no worker.
    /// - Returns: `nil` where there is no part yet, and this is another thread.
    func find(in isolation: (any Actor)?) throws(PostgresError) -> Shard? {
        if let shard = findHere(in: isolation) { return shard }
        return try find(for: Self.worker(in: isolation))
    }

    /// The worker that the caller belongs to.
    static func worker(in isolation: (any Actor)?) -> Worker? {
        (isolation == nil ? Worker.ofThread { $0 } : nil) ?? Worker.current
    }

    /// The part of the worker whose thread this is, where that is the caller's as well, and there
    /// is one.
    @inline(__always)
    func findHere(in isolation: (any Actor)?) -> Shard? {
        guard isolation == nil, let index = Worker.indexOfThread,
            let shard = find(index: index), shard.isHere
        else { return nil }
        return shard
    }

    /// The part of a worker, on any thread; the same otherwise.
    func find(for worker: Worker?) throws(PostgresError) -> Shard? {
        guard let worker else { throw Self.noWorker }
        if let shard = find(index: worker.index), shard.worker == worker { return shard }
        if let other = others.withLock({ $0.first { $0.worker == worker } }) { return other }
        return worker.isCurrent ? makeHere(worker) : nil
    }

    /// The part of the caller's worker, made on that worker's thread.
    nonisolated(nonsending) func makeElsewhere() async throws -> Shard {
        guard let worker = Worker.current else { throw Self.noWorker }
        await unsafe withUnsafeContinuation { continuation in
            worker.run {
                if worker.isCurrent { _ = try? self.find(for: worker) }
                unsafe continuation.resume()
            }
        }
        // None where the worker has ended, or is about to.
        guard let shard = try find(for: worker) else { throw RequestError.workerStops }
        return shard
    }

    static let noWorker = PostgresError(
        .misuse,
        "A pool is used in a task of a worker: in a handler, or a task on the worker's executor.")

    /// Of the first server's workers; another server's may have the same number.
    @inline(__always)
    private func find(index: Int) -> Shard? {
        let slot = unsafe slot(index)
        let found = unsafe UnsafeRawPointer(
            bitPattern: slot.pointee.load(ordering: .acquiring))
        guard let found = unsafe found else { return nil }
        // Retained by the quota.
        return unsafe Unmanaged<Shard>.fromOpaque(found).takeUnretainedValue()
    }

    @unsafe
    private func slot(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt>> {
        // Less than there are slots.
        unsafe slots + index & (Self.count - 1)
    }

    /// On the worker's thread.
    private func makeHere(_ worker: Worker) -> Shard {
        if let other = others.withLock({ $0.first { $0.isHere } }) { return other }
        let shard = Shard(worker: worker, shared: shared, quota: quota)
        // Made by a handler that goes on after its worker's end.
        if shard.isEnded { return shard }
        quota.join(shard)
        let pointer = unsafe UInt(bitPattern: Unmanaged.passUnretained(shard).toOpaque())
        let (isFirst, _) = unsafe slot(shard.worker.index).pointee.compareExchange(
            expected: 0, desired: pointer, ordering: .acquiringAndReleasing)
        if !isFirst { others.withLock { $0.append(shard) } }
        return shard
    }
}
