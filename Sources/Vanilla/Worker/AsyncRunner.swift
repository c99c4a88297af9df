// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// What gives a worker's runners their handlers. Also asked on other threads, where a handler goes
/// on after its worker has ended.
protocol AsyncRunnerOwner: TaskExecutor {
    /// The next one for a runner whose handler has ended; `nil` where none waits.
    func takeCall(for runner: AsyncRunner) -> AsyncCall?
    /// Whether this is the worker's own thread.
    var isCurrent: Bool { get }
    /// Whether one more may wait for a handler.
    var canTakeIdleRunner: Bool { get }
    /// The runner waits for a handler.
    func putIdleRunner(_ runner: AsyncRunner)
}

/// A task that runs one asynchronous handler after the other on one worker.
///
/// Beginning a task costs more than a request does otherwise, and so does waiting: it takes the
/// next handler of the turn, and those that are idle wait for the next turn. One that was cancelled
/// ends, because it stays cancelled. Everything happens on the worker's thread, except what a
/// handler does after its worker has ended.
@safe
final class AsyncRunner: @unchecked Sendable {
    private let owner: any AsyncRunnerOwner
    private var task: Task<Void, Never>?
    /// It waits for a handler: true when there is one, false when there is no more.
    private var idle: UnsafeContinuation<Bool, Never>?
    /// The one whose handler it is to run.
    private var next: AsyncCall?
    /// The one whose handler it runs.
    private var call: OpaquePointer?
    /// Of the same; `nil` unless it takes the request's body, or waits in writing the answer's.
    private var bodies: AsyncBodies?
    private var isUnwanted = false
    /// What `Task.isCancelled` said when the last handler had ended.
    private var isCancelled = false
    /// The next of those that are idle.
    var nextIdle: AsyncRunner?

    init(of owner: any AsyncRunnerOwner) {
        self.owner = owner
    }
}

// MARK: - Begin

extension AsyncRunner {
    /// Leads to a job that runs a handler until it first waits, or to its end and then others.
    func begin(_ call: consuming AsyncCall) {
        next = consume call
        if let idle = unsafe idle.take() {
            unsafe idle.resume(returning: true)
        } else {
            task = Task(executorPreference: owner) { await self.run() }
        }
    }

    /// That job is over: have C keep what a handler that waits has written.
    func keepCall() {
        guard let call = unsafe call else { return }
        unsafe vn_response_note_held(vn_detached_response(call)!)
        if unsafe !vn_detached_keep_head(call) || isUnwanted { task?.cancel() }
    }

    /// What C calls, in memory that is never freed.
    private static nonisolated(unsafe) let calls = {
        let calls = UnsafeMutablePointer<vn_detached_calls>.allocate(capacity: 1)
        unsafe calls.initialize(
            to: vn_detached_calls(cancelled: cancelled, received: received, writable: writable))
        return unsafe UnsafePointer(calls)
    }()

    private static let cancelled: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // C always passes it, and not after `vn_detached_end`.
        let runner = unsafe Unmanaged<AsyncRunner>.fromOpaque(context!).takeUnretainedValue()
        runner.isUnwanted = true
        runner.task?.cancel()
    }

    private static let received: @convention(c) (UnsafeMutableRawPointer?, vn_span, Bool) -> Int32 =
        { context, piece, isLast in
            // As before.
            let runner = unsafe Unmanaged<AsyncRunner>.fromOpaque(context!).takeUnretainedValue()
            return unsafe runner.bodies?.receive(piece, isLast: isLast) ?? Int32(VN_RECEIVE_PAUSE)
        }

    private static let writable: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // As before.
        let runner = unsafe Unmanaged<AsyncRunner>.fromOpaque(context!).takeUnretainedValue()
        runner.bodies?.noteRoom()
    }

    /// There is no more to run.
    func end() {
        if let idle = unsafe idle.take() { unsafe idle.resume(returning: false) }
    }
}

// MARK: - Bodies

extension AsyncBodies {
    /// Those of a request whose handler is asynchronous; `nil` for another one.
    static func of(_ call: OpaquePointer?) -> AsyncBodies? {
        guard let call = unsafe call, let context = unsafe vn_detached_context(call) else {
            return nil
        }
        // The context of a call whose handler has begun is its runner.
        return unsafe Unmanaged<AsyncRunner>.fromOpaque(context)._withUnsafeGuaranteedRef {
            runner in
            unsafe runner.bodies(of: call)
        }
    }
}

extension AsyncRunner {
    fileprivate func bodies(of call: OpaquePointer) -> AsyncBodies {
        if let bodies { return bodies }
        let bodies = unsafe AsyncBodies(of: call, on: owner)
        self.bodies = bodies
        return bodies
    }
}

// MARK: - The task

extension AsyncRunner {
    @concurrent private func run() async {
        repeat {
            repeat { await answer() } while takeNext()
        } while await waitForNext()
        task = nil
    }

    /// By itself, as is what waits below: what these need is not kept for a handler that waits, of
    /// which there are thousands.
    @inline(never)
    private func takeNext() -> Bool {
        isCancelled = Task.isCancelled
        if isCancelled { return false }
        next = owner.takeCall(for: self)
        return next != nil
    }

    @inline(__always)
    @concurrent private func answer() async {
        // Set before this was called, and ended only below.
        let call = next.take()!
        unsafe self.call = unsafe call.pointer
        isUnwanted = false
        // The call ends before this object does.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        // Not where its client is gone already: the answer is not wanted.
        if unsafe vn_detached_begin(call.pointer, Self.calls, context) {
            // C's request and response live until the call is ended.
            var request = unsafe Request(lent: vn_detached_request(call.pointer)!)
            if let match = unsafe call.match { request = unsafe Request(request, lent: match) }
            var writer = unsafe ResponseWriter(
                lent: vn_detached_response(call.pointer)!, core: call.core)
            do {
                if let middleware = call.middleware {
                    writer.withhold()
                    try await middleware.pass(request, &writer, call.handler)
                } else {
                    try await call.handler(request, &writer)
                }
            } catch {
                unsafe fail(error, call.pointer, &writer)
            }
            bodies.take()?.end()
        }
        unsafe self.call = nil
        unsafe vn_response_note_held(vn_detached_response(call.pointer)!)
        unsafe call.match?.pointee.stored.removeAll()
        unsafe vn_detached_end(call.pointer)
    }

    private func fail(
        _ error: any Error, _ call: OpaquePointer, _ writer: inout ResponseWriter
    ) {
        // Before the client takes what it got for whole.
        defer { unsafe vn_detached_cut_body(call) }
        let isUnwanted = unsafe isUnwanted || vn_detached_writes_for_nobody(call)
        guard isUnwanted, error is CancellationError else {
            return writer.fail(error, in: "a handler")
        }
        writer.noteError(error)
        if writer.isAnswered { return }
        writer.closeConnection()
        writer.sendError(.serviceUnavailable)
    }

    @inline(never)
    private nonisolated(nonsending) func waitForNext() async -> Bool {
        if isCancelled || !owner.canTakeIdleRunner { return false }
        return await unsafe withUnsafeContinuation { continuation in
            unsafe idle = unsafe continuation
            owner.putIdleRunner(self)
        }
    }
}
