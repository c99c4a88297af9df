// SPDX-License-Identifier: MIT

internal import Synchronization

/// Threads for work that blocks: a bounded number of them, with a bounded number of pieces of work
/// that wait. A thread is started when there is work for it, and stays until the pool is closed.
@safe
final class OffloadPool: @unchecked Sendable {
    private let maximumThreads: Int
    private let maximumWaiting: Int
    private let mutex = SystemMutex()
    private let changed = SystemCondition()

    // Only while the mutex is held, as are the links and the state of the pieces of work.
    private var threads = 0
    private var isClosed = false
    private var counted = Server.Statistics.Offload()
    private var first: OffloadWork?
    private unowned(unsafe) var last: OffloadWork?

    /// For those who are on no worker.
    static let shared = OffloadPool()

    private init() {
        let options = Server.Configuration.Offload()
        maximumThreads = options.maximumThreads
        maximumWaiting = options.maximumWaiting
    }

    init(_ options: Server.Configuration.Offload) throws(InvalidOption) {
        let threads: Int32 = try options.maximumThreads.positive("offload.maximumThreads")
        let waiting: UInt32 = try options.maximumWaiting.c("offload.maximumWaiting")
        maximumThreads = Int(threads)
        maximumWaiting = Int(waiting)
    }

    var statistics: Server.Statistics.Offload {
        mutex.lock()
        defer { mutex.unlock() }
        return counted
    }

    /// Threads end when they have nothing to do.
    func close() {
        mutex.lock()
        isClosed = true
        changed.broadcast()
        mutex.unlock()
    }
}

// MARK: - Who asks

extension OffloadPool {
    /// Has a thread do it, or ends it with an error.
    func add(_ work: OffloadWork) {
        if let error = tryAdd(work) { work.end(error) }
    }

    /// Has a thread do it; where none will, it is done at once.
    func addOrDo(_ body: @escaping @Sendable () -> Void) {
        if tryAdd(OffloadCall(body)) != nil { body() }
    }

    private func tryAdd(_ work: OffloadWork) -> (any Error)? {
        mutex.lock()
        defer { mutex.unlock() }
        if work.state == .over { return CancellationError() }
        // Those that are free, or about to be, take as many of those that wait.
        let free = threads - counted.running
        if counted.waiting >= free {
            if threads < maximumThreads {
                let code = startThread { self.run() }
                if code == 0 {
                    threads += 1
                } else if threads == 0 {
                    counted.refused += 1
                    return ServerError(
                        .outOfResources, "There is no thread for work that blocks.", code: code)
                }
            }
            if counted.waiting - (threads - counted.running) >= maximumWaiting {
                counted.refused += 1
                return refusal
            }
        }
        append(work)
        changed.signal()
        return nil
    }

    /// The answer to a request that asked in vain.
    private var refusal: RequestError {
        RequestError(
            .serviceUnavailable, "The server is busy.", retryAfter: 1,
            cause: ServerError(
                .offloadFull,
                "\(maximumThreads) pieces of work block their threads, and \(maximumWaiting) wait."
            ))
    }

    /// Its task was cancelled: it is not begun any more.
    func cancel(_ work: OffloadWork) {
        mutex.lock()
        let wasWaiting = work.state == .waiting
        if wasWaiting {
            remove(work)
            counted.cancelled += 1
        }
        if work.state != .running { work.state = .over }
        mutex.unlock()
        if wasWaiting { work.end(CancellationError()) }
    }
}

// MARK: - Threads

extension OffloadPool {
    private func run() {
        while let work = take() {
            work.run()
            mutex.lock()
            counted.running -= 1
            counted.done += 1
            mutex.unlock()
            work.resume()
        }
    }

    /// The next one; `nil` where the pool is closed and there is none.
    private func take() -> OffloadWork? {
        mutex.lock()
        defer { mutex.unlock() }
        while first == nil {
            if isClosed { return nil }
            changed.wait(mutex)
        }
        guard let work = first else { return nil }
        remove(work)
        work.state = .running
        counted.running += 1
        return work
    }
}

// MARK: - The line

extension OffloadPool {
    private func append(_ work: OffloadWork) {
        work.state = .waiting
        unsafe work.previous = last
        if let last = unsafe last { last.next = work } else { first = work }
        unsafe last = work
        counted.waiting += 1
    }

    private func remove(_ work: OffloadWork) {
        let (next, previous) = unsafe (work.next, work.previous)
        if let previous { previous.next = next } else { first = next }
        if let next { unsafe next.previous = previous } else { unsafe last = previous }
        work.next = nil
        unsafe work.previous = nil
        counted.waiting -= 1
    }
}

/// A piece of work for a thread.
@safe
class OffloadWork: @unchecked Sendable {
    enum State {
        case new
        case waiting
        case running
        /// It was cancelled.
        case over
    }

    // The pool's.
    fileprivate var state = State.new
    fileprivate var next: OffloadWork?
    fileprivate unowned(unsafe) var previous: OffloadWork?

    /// Does it. On a thread of the pool.
    fileprivate func run() {}
    /// Lets its task go on. On a thread of the pool.
    fileprivate func resume() {}
    /// It is not done.
    fileprivate func end(_ error: any Error) {}
}

/// One that a task waits for.
@safe
final class OffloadCall<Value: Sendable>: OffloadWork, @unchecked Sendable {
    private var body: (@Sendable () throws -> Value)?
    private var continuation: UnsafeContinuation<Value, any Error>?
    private var result: Result<Value, any Error>?
    /// Orders what a thread has written before what the task reads, for ThreadSanitizer: a
    /// continuation that is resumed before its task waits does so unseen.
    private let isOver = Atomic(false)

    init(_ body: @escaping @Sendable () throws -> Value) {
        self.body = body
    }

    func begin(_ continuation: UnsafeContinuation<Value, any Error>, by pool: OffloadPool) {
        unsafe self.continuation = unsafe continuation
        pool.add(self)
    }

    fileprivate override func run() {
        // What it holds is released here, and not by the task.
        guard let body = body.take() else { return }
        result = Result { try body() }
    }

    fileprivate override func resume() {
        guard let result = result.take() else { return }
        finish(result)
    }

    fileprivate override func end(_ error: any Error) { finish(.failure(error)) }

    private func finish(_ result: Result<Value, any Error>) {
        guard let continuation = unsafe continuation.take() else { return }
        isOver.store(true, ordering: .releasing)
        unsafe continuation.resume(with: result)
    }

    /// The task has gone on.
    func handOver() {
        _ = isOver.load(ordering: .acquiring)
    }
}
