// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// One call of an asynchronous handler: its request and response, and the task that it runs in.
///
/// Everything happens on the worker's thread, but what a handler does that goes on after its worker
/// has ended.
@safe
final class AsyncCall: @unchecked Sendable {
    private let handler: Server.AsyncHandler
    private let core: ServerCore
    private var kernel: OpaquePointer?
    private var task: Task<Void, Never>?
    /// What the router found, of which the copy is the task's.
    private let match: KeptMatch?
    private var isLost = false
    private var isDone = false

    private init(_ handler: @escaping Server.AsyncHandler, _ match: KeptMatch?, core: ServerCore) {
        self.handler = handler
        self.match = match
        self.core = core
    }

    /// Runs a handler until it first waits, or to its end, on the worker whose thread this is.
    static func begin(
        _ request: Request, _ response: inout ResponseWriter,
        _ handler: @escaping Server.AsyncHandler
    ) throws(VanillaError) {
        guard let executor = WorkerExecutor.current else {
            throw VanillaError(.invalidState, "An asynchronous handler was called on no worker.")
        }
        let call = unsafe AsyncCall(
            handler, request.match.map { KeptMatch(unsafe $0.pointee) }, core: response.core)
        var error: Int32 = 0
        // The call ends before this object, which the task holds.
        let context = unsafe Unmanaged.passUnretained(call).toOpaque()
        guard
            let kernel = unsafe vn_call_begin(
                response.pointer, request.pointer, lost, context, &error)
        else { throw VanillaError(asyncRefusal: error) }
        unsafe call.kernel = kernel
        let task = executor.start {
            Task(executorPreference: executor) { await call.run() }
        }
        call.suspend(task)
    }

    /// The handler's first part is done.
    private func suspend(_ task: Task<Void, Never>) {
        if isDone { return }
        // It is not done, so C has the call.
        let isKept = unsafe vn_call_keep(kernel!)
        self.task = task
        if !isKept || isLost { task.cancel() }
    }

    private static let lost: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // C always passes it, and not after `vn_call_end`.
        let call = unsafe Unmanaged<AsyncCall>.fromOpaque(context!).takeUnretainedValue()
        call.isLost = true
        call.task?.cancel()
    }

    private func run() async {
        // Set before the task was made, and ended only below.
        let kernel = unsafe self.kernel!
        do {
            let request = unsafe Request(lent: vn_call_request(kernel)!)
            var writer = unsafe ResponseWriter(lent: vn_call_response(kernel)!, core: core)
            do {
                if let match {
                    try await handler(unsafe Request(request, lent: match.pointer), &writer)
                } else {
                    try await handler(request, &writer)
                }
            } catch {
                if !(isLost && error is CancellationError) {
                    writer.fail(error, in: "A handler")
                } else if !writer.isAnswered {
                    writer.closeConnection()
                    writer.send(status: .serviceUnavailable)
                }
            }
        }
        isDone = true
        task = nil
        unsafe self.kernel = nil
        unsafe vn_call_end(kernel)
    }
}

/// What a router found out about a request, for as long as its call goes on.
@safe
private final class KeptMatch {
    private let tree: RouteTree?
    private let ranges: UnsafeMutablePointer<vn_range>
    let pointer: UnsafeMutablePointer<RouteMatch>

    init(_ match: RouteMatch) {
        let count =
            match.route.map { route in match.withTree { $0.parameterCount(of: route) } } ?? 0
        unsafe ranges = .allocate(capacity: max(count, 1))
        unsafe ranges.initialize(from: match.ranges, count: count)
        tree = match.withTree { $0 }
        unsafe pointer = .allocate(capacity: 1)
        unsafe pointer.initialize(to: match.copy(with: ranges))
    }

    deinit {
        unsafe pointer.deallocate()
        unsafe ranges.deallocate()
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
