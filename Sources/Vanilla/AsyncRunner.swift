// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// A task that runs one asynchronous handler after the other on one worker, and what the one that it
/// runs now needs.
///
/// Beginning a task costs more than a request does otherwise, so those that are idle wait for the next
/// one. One that was cancelled ends, because it stays cancelled. Everything happens on the worker's
/// thread, but what a handler does that goes on after its worker has ended.
@safe
final class AsyncRunner: @unchecked Sendable {
    private let executor: WorkerExecutor
    private var task: Task<Void, Never>?
    /// It waits for a handler: true when there is one, false when there is no more.
    private var idle: UnsafeContinuation<Bool, Never>?

    // Of the call that goes on.
    private var kernel: OpaquePointer?
    private var handler: Server.AsyncHandler?
    /// Of its server, which lives at least as long as the call.
    private var core: ServerCore?
    /// What the router found, in memory of C's call; it needs the tree.
    private var match: UnsafePointer<RouteMatch>?
    private var tree: RouteTree?
    private var isLost = false

    private init(on executor: WorkerExecutor) {
        self.executor = executor
    }
}

// MARK: - Begin

extension AsyncRunner {
    /// Runs a handler until it first waits, or to its end, on the worker whose thread this is.
    static func begin(
        _ request: Request, _ response: inout ResponseWriter,
        _ handler: @escaping Server.AsyncHandler
    ) throws(VanillaError) {
        guard let executor = WorkerExecutor.current else {
            throw VanillaError(.invalidState, "An asynchronous handler was called on no worker.")
        }
        let runner = executor.takeIdleRunner() ?? AsyncRunner(on: executor)
        do throws(VanillaError) {
            try runner.take(request, &response)
        } catch {
            runner.end()
            throw error
        }
        runner.handler = handler
        unsafe runner.core = response.core
        runner.runFirstPart()
    }

    /// Has C keep the request and the response.
    private func take(_ request: Request, _ response: inout ResponseWriter) throws(VanillaError) {
        let found = unsafe request.match
        var error: Int32 = 0
        // The call ends before this object does.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        let room = unsafe found?.pointee.size ?? 0
        unsafe kernel = vn_call_begin(
            response.pointer, request.pointer, Self.lost, context, room, &error)
        guard let kernel = unsafe kernel else { throw VanillaError(asyncRefusal: error) }
        tree = unsafe found?.pointee.withTree { $0 }
        // C's room is as large as was asked for.
        unsafe match = found?.pointee.copy(to: vn_call_extra(kernel))
        isLost = false
    }

    private func runFirstPart() {
        executor.runFirstJob {
            if let idle = unsafe idle.take() {
                unsafe idle.resume(returning: true)
            } else {
                task = Task(executorPreference: executor) { await self.run() }
            }
        }
        guard let kernel = unsafe kernel else { return }
        // It goes on behind this call.
        if unsafe !vn_call_keep(kernel) || isLost { task?.cancel() }
    }

    private static let lost: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // C always passes it, and not after `vn_call_end`.
        let runner = unsafe Unmanaged<AsyncRunner>.fromOpaque(context!).takeUnretainedValue()
        runner.isLost = true
        runner.task?.cancel()
    }

    /// There is no more to run.
    func end() {
        if let idle = unsafe idle.take() { unsafe idle.resume(returning: false) }
    }
}

// MARK: - The task

extension AsyncRunner {
    private nonisolated(nonsending) func run() async {
        repeat {
            await answer()
        } while await waitForNext()
        task = nil
    }

    @inline(__always)
    private nonisolated(nonsending) func answer() async {
        // Set before this was called, and ended only below.
        let (kernel, handler, core) = unsafe (kernel!, handler!, core!)
        do {
            // C's request and response live until the call is ended.
            var request = unsafe Request(lent: vn_call_request(kernel)!)
            if let match = unsafe match { request = unsafe Request(request, lent: match) }
            var writer = unsafe ResponseWriter(lent: vn_call_response(kernel)!, core: core)
            do {
                try await handler(request, &writer)
            } catch {
                fail(error, &writer)
            }
        }
        self.handler = nil
        tree = nil
        unsafe self.kernel = nil
        unsafe vn_call_end(kernel)
        self.core = nil
    }

    private func fail(_ error: any Error, _ writer: inout ResponseWriter) {
        guard isLost, error is CancellationError else {
            return writer.fail(error, in: "A handler")
        }
        if writer.isAnswered { return }
        writer.closeConnection()
        writer.send(status: .serviceUnavailable)
    }

    /// By itself, so that what it needs is not kept for a handler that waits: of those there are
    /// thousands.
    @inline(never)
    private nonisolated(nonsending) func waitForNext() async -> Bool {
        if Task.isCancelled || !executor.canTakeIdleRunner { return false }
        return await unsafe withUnsafeContinuation { continuation in
            unsafe idle = unsafe continuation
            executor.putIdleRunner(self)
        }
    }
}

extension VanillaError {
    fileprivate init(asyncRefusal error: Int32) {
        self =
            VanillaError.isAlreadyAnswered(error)
            ? VanillaError(.alreadyAnswered, "The request was answered before its handler began.")
            : VanillaError(.outOfResources, "There is no memory for an asynchronous handler.")
    }
}
