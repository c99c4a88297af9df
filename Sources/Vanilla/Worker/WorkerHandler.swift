// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// The handler of one worker, and the functions by which C calls it.
///
/// Made and released on the worker's thread, and only used there. C's callbacks are static
/// functions that read the closure from here without retaining anything: see docs/PERFORMANCE.md
/// before changing that.
@safe
final class WorkerHandler {
    private let handler: Server.Handler
    let worker: Worker
    private let life: LifeHooks
    /// Outlives every worker.
    private unowned(unsafe) let core: ServerCore

    private init(_ worker: Worker, _ handler: @escaping Server.Handler, core: ServerCore) {
        self.worker = worker
        self.handler = handler
        life = LifeHooks(of: core.hooks)
        unsafe self.core = core
    }

    /// C's callbacks. `context` is the server's core.
    static func callbacks(context: UnsafeMutableRawPointer, _ hooks: Hooks) -> vn_handlers {
        unsafe vn_handlers(
            context: context, handle: handle,
            choose_body: hooks.bodyDelivery != nil ? chooseBody : nil, begin: begin, end: end,
            exchange_ended: hooks.onExchangeEnd != nil ? exchangeEnded : nil,
            refuse: hooks.onRefusal != nil ? refuse : nil, has_hooks: hasHooks,
            begin_hooks: beginHooks, hooks_state: hooksState, cancel_hooks: cancelHooks)
    }

    private static let begin:
        @convention(c) (UnsafeMutableRawPointer?, UInt32) -> UnsafeMutableRawPointer? = {
            context, index in
            guard let context = unsafe context else { return nil }
            // The context is the core, which outlives every worker.
            let core = unsafe Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
            // `Server.handle` has a worker of its own, which C gives the highest number.
            // C calls this on the thread of its worker.
            let worker = Worker(
                index: index == .max ? 0 : Int(index),
                executor: WorkerExecutor(offload: core.offload)!, server: ObjectIdentifier(core))
            worker.join()
            let handler = core.hooks.makeHandler(worker)
            return unsafe Unmanaged.passRetained(WorkerHandler(worker, handler, core: core))
                .toOpaque()
        }

    private static let end: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        guard let context = unsafe context else { return }
        // Balances `begin`.
        let handler = unsafe Unmanaged<WorkerHandler>.fromOpaque(context).takeRetainedValue()
        handler.worker.leave()
        handler.worker.executor.close()
    }

    private static let handle:
        @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<vn_request>?, OpaquePointer?) ->
            Void = {
                context, request, response in
                // C always passes all three.
                let (context, request, response) = unsafe (context!, request!, response!)
                unsafe Unmanaged<WorkerHandler>.fromOpaque(context)._withUnsafeGuaranteedRef {
                    worker in
                    unsafe worker.handle(unsafe request, response)
                }
            }

    private static let chooseBody:
        @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<vn_request>?) -> Int32 = {
            context, request in
            // C always passes both.
            let (context, request) = unsafe (context!, request!)
            return unsafe Unmanaged<WorkerHandler>.fromOpaque(context)._withUnsafeGuaranteedRef {
                worker in
                unsafe worker.core.hooks.bodyDelivery?(Request(lent: request)).c
                    ?? Request.BodyDelivery.whole.c
            }
        }

    private static let exchangeEnded:
        @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<vn_ended_exchange>?) -> Void = {
            context, exchange in
            // C always passes both.
            let (context, exchange) = unsafe (context!, exchange!)
            unsafe Unmanaged<WorkerHandler>.fromOpaque(context)._withUnsafeGuaranteedRef { worker in
                unsafe worker.core.hooks.onExchangeEnd?(
                    Server.EndedExchange(lent: exchange, workerIndex: worker.worker.index))
            }
        }

    private static let refuse:
        @convention(c) (
            UnsafeMutableRawPointer?, UnsafePointer<vn_request>?, UInt16, OpaquePointer?
        ) -> Void = { context, request, status, response in
            // C always passes the context and the response.
            let (context, response) = unsafe (context!, response!)
            unsafe Unmanaged<WorkerHandler>.fromOpaque(context)._withUnsafeGuaranteedRef { worker in
                var writer = unsafe ResponseWriter(lent: response, core: worker.core)
                // C refuses with errors alone.
                let status = Status(code: Int(status))!
                writer.statusInForce = status
                unsafe worker.core.hooks.onRefusal?(
                    Server.Refusal(lent: request, status: status), &writer)
            }
        }

    @inline(__always)
    private func handle(_ request: UnsafePointer<vn_request>, _ response: OpaquePointer) {
        var writer = unsafe ResponseWriter(lent: response, core: core)
        do {
            try handler(unsafe Request(lent: request), &writer)
        } catch {
            writer.fail(error, in: "a handler")
        }
    }
}

// MARK: - Hooks

extension WorkerHandler {
    private static let hasHooks: @convention(c) (UnsafeMutableRawPointer?) -> Bool = { context in
        // The context is the core, which C always passes.
        unsafe Unmanaged<ServerCore>.fromOpaque(context!)._withUnsafeGuaranteedRef { core in
            core.hooks.life.withLock { !$0.isEmpty }
        }
    }

    private static let beginHooks: @convention(c) (UnsafeMutableRawPointer?, Bool) -> Void = {
        context, isStop in
        // C always passes it, here and below: what `begin` has returned.
        unsafe Unmanaged<WorkerHandler>.fromOpaque(context!)._withUnsafeGuaranteedRef { handler in
            handler.life.begin(on: handler.worker, isStop: isStop)
        }
    }

    private static let hooksState: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { context in
        unsafe Unmanaged<WorkerHandler>.fromOpaque(context!)._withUnsafeGuaranteedRef { handler in
            switch handler.life.result {
            case nil: return 0
            case .success: return 1
            case .failure(let error):
                unsafe handler.core.noteStartFailure(error)
                return -1
            }
        }
    }

    private static let cancelHooks: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        unsafe Unmanaged<WorkerHandler>.fromOpaque(context!)._withUnsafeGuaranteedRef { handler in
            handler.life.cancel()
        }
    }
}
