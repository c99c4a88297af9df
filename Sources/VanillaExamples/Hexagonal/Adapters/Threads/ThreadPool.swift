// SPDX-License-Identifier: MIT

import HexagonalApplication
import Synchronization

/// Threads beside those of the server, for work that blocks or takes long, each with something of
/// its own that no other thread uses: a connection to a database, or nothing.
///
/// As many jobs wait as were asked for, and no more: under a flood some are refused at once, and
/// what was taken is done in time.
final class ThreadPool<State>: Sendable {
    private let jobs: JobQueue<State>
    private let threads: [Thread]

    /// Starts a thread for each of `states`, which belong to the threads from then on.
    init(_ states: [State], maximumWaiting limit: Int) {
        let jobs = JobQueue<State>(limit: limit)
        self.jobs = jobs
        threads = states.map { state in Thread(PoolThread(state, jobs)) }
    }

    /// The threads end when they have done what they took.
    deinit {
        jobs.close()
    }

    /// Has a thread do something. Whoever awaits it goes on where it was. What nobody waits for any
    /// more is not begun.
    ///
    /// - Throws: What `work` throws; ``ApplicationError/busy`` where too much waits, or the pool is
    ///   closed; `CancellationError` where the task was cancelled before.
    func run<Result: Sendable>(
        _ work: @escaping @Sendable (inout State) throws -> Result
    ) async throws -> Result {
        let ticket = Ticket()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isTaken = jobs.append { state in
                    continuation.resume(
                        with: Swift.Result {
                            if ticket.isCancelled { throw CancellationError() }
                            return try work(&state)
                        })
                }
                if !isTaken { continuation.resume(throwing: ApplicationError.busy) }
            }
        } onCancel: {
            ticket.cancel()
        }
    }

    /// How many jobs wait for a thread.
    var waitingCount: Int { jobs.count }

    /// Takes nothing more, and waits until all is done and the states are gone. To be called once.
    func close() {
        jobs.close()
        for thread in threads { thread.join() }
    }
}

/// Whether somebody still waits for a job.
private final class Ticket: Sendable {
    private let flag = Atomic(false)

    var isCancelled: Bool { flag.load(ordering: .relaxed) }

    func cancel() {
        flag.store(true, ordering: .relaxed)
    }
}

/// What a thread of a pool does.
private final class PoolThread<State>: ThreadBody {
    private var state: State
    private let jobs: JobQueue<State>

    init(_ state: State, _ jobs: JobQueue<State>) {
        self.state = state
        self.jobs = jobs
    }

    override func run() {
        while let job = jobs.next() { job(&state) }
    }
}
