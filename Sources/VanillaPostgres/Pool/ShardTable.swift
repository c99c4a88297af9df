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
    /// Counts the tasks of no worker.
    private let turn = Atomic<UInt>(0)

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

    /// The part of the worker that works for the caller. In a function that may be called in an
    /// actor, what the thread says counts only where it is called in none: the runtime has a thread
    /// that holds an actor run the jobs of others' tasks in it.
    ///
    /// - Throws: ``PostgresError`` of the kind `stopped` where there is no worker.
    /// - Returns: `nil` where there is no part yet, and this is another thread.
    func find(in isolation: (any Actor)?) throws(PostgresError) -> Shard? {
        if let shard = findHere(in: isolation) { return shard }
        return find(for: try worker(in: isolation))
    }

    /// The worker that works for the caller: its own, or for a task of none one after the other.
    func worker(in isolation: (any Actor)?) throws(PostgresError) -> Worker {
        if let worker = ownWorker(in: isolation) { return worker }
        return try choose(among: Worker.running)
    }

    /// The same, wherever the caller is.
    func worker() throws(PostgresError) -> Worker {
        if let worker = Worker.current { return worker }
        return try choose(among: Worker.running)
    }

    /// The worker that the caller belongs to.
    private func ownWorker(in isolation: (any Actor)?) -> Worker? {
        if isolation == nil, let worker = Worker.ofThread({ $0 }) { return worker }
        return Worker.current
    }

    /// One of those of a server that uses this pool, as long as one runs; else one of any server of
    /// the process.
    ///
    /// - Parameter again: The one that was chosen last, which had no part yet: or some would be
    ///   passed over each time.
    func choose(
        among running: [Worker], again: Bool = false
    ) throws(PostgresError) -> Worker {
        let known = shards
        let own = running.filter { worker in
            known.contains { $0.worker.isOfSameServer(as: worker) }
        }
        let workers = own.isEmpty ? running : own
        guard !workers.isEmpty else { throw Self.noServer }
        let number =
            again
            ? turn.load(ordering: .relaxed) &- 1
            : turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return workers[Int(number % UInt(workers.count))]
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

    /// The part of a worker, on any thread; `nil` where there is none yet, and this is another
    /// thread than the worker's.
    func find(for worker: Worker) -> Shard? {
        // A worker without a socket may end and begin again. Only its own thread sees that.
        let isHere = worker.isCurrent
        let isPart = { (shard: Shard) in shard.worker == worker && !(isHere && shard.isEnded) }
        if let shard = find(index: worker.index), isPart(shard) { return shard }
        if let other = others.withLock({ $0.last(where: isPart) }) { return other }
        return isHere ? makeHere(worker) : nil
    }

    /// The part of the worker that works for the caller, made on that worker's thread.
    nonisolated(nonsending) func makeElsewhere() async throws -> Shard {
        while true {
            let worker = try ownWorker(in: #isolation) ?? choose(among: Worker.running, again: true)
            await unsafe withUnsafeContinuation { continuation in
                worker.run {
                    if worker.isCurrent { _ = self.find(for: worker) }
                    unsafe continuation.resume()
                }
            }
            if let shard = find(for: worker) { return shard }
            // It has ended, or is about to. A task that belongs to none takes another one.
            if Worker.current == worker { throw RequestError.workerStops }
            try Task.checkCancellation()
        }
    }

    static let noServer = PostgresError(
        .stopped,
        "No server runs in this process, on whose workers the pool would work. "
            + "What is to be done before requests come belongs into server.onStart.")

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
