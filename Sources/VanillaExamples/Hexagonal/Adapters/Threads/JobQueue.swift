// SPDX-License-Identifier: MIT

import CLibrary

/// What waits for a thread, in its order.
///
/// Unchecked: everything is used with the mutex held. A mutex of POSIX, because threads of POSIX
/// wait here, and because ThreadSanitizer knows it.
final class JobQueue<State>: @unchecked Sendable {
    typealias Job = @Sendable (inout State) -> Void

    private let limit: Int
    private var jobs: [Job] = []
    private var isClosed = false
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let change: UnsafeMutablePointer<pthread_cond_t>

    init(limit: Int) {
        self.limit = limit
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        change = .allocate(capacity: 1)
        change.initialize(to: pthread_cond_t())
        pthread_cond_init(change, nil)
    }

    deinit {
        pthread_cond_destroy(change)
        change.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// How many jobs wait.
    var count: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return jobs.count
    }

    /// Adds a job, unless too many wait or the queue is closed. Returns whether it was taken.
    func append(_ job: @escaping Job) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !isClosed, jobs.count < limit else { return false }
        jobs.append(job)
        pthread_cond_signal(change)
        return true
    }

    /// The next job, once there is one; `nil` when the queue is closed and empty.
    func next() -> Job? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while jobs.isEmpty, !isClosed { pthread_cond_wait(change, mutex) }
        return jobs.isEmpty ? nil : jobs.removeFirst()
    }

    /// Takes no further jobs. What is there is done.
    func close() {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        isClosed = true
        pthread_cond_broadcast(change)
    }
}
