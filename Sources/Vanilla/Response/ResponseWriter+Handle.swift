// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Names one request and its answer, on every thread and for as long as you like. It never
    /// reaches another exchange: once this one is over, because it was answered, took too long, or
    /// the client went away, it does nothing. It holds the server's memory, so forget it then.
    @safe
    public struct Handle: @unchecked Sendable {
        /// C's handle, which any thread may use while the core lives.
        private let handle: vn_handle
        private let core: ServerCore

        init(c handle: vn_handle, core: ServerCore) {
            unsafe self.handle = unsafe handle
            self.core = core
        }

        /// Answers a deferred request. `answer` is called soon on the exchange's worker, with its
        /// response; it is not called, but released, when the exchange is over.
        func complete(_ answer: @escaping @Sendable (inout ResponseWriter) throws -> Void) {
            let box = unsafe Unmanaged.passRetained(LaterAnswer(answer: answer, core: core))
            if unsafe vn_handle_run(handle, LaterAnswer.callback, box.toOpaque()) != 0 {
                // C has not taken the reference.
                unsafe box.release()
                core.hooks.report(.error, "There is no memory to complete a deferred answer.")
            }
        }

        /// Lets a producer that said `wait`, or a receiver that said `pause`, go on.
        public func resume() {
            _ = tryToResume()
        }

        /// False, and logged, when memory ran out.
        func tryToResume() -> Bool {
            if unsafe vn_handle_resume(handle) == 0 { return true }
            core.hooks.report(.error, "There is no memory to resume an exchange.")
            return false
        }
    }
}

/// A deferred answer on its way to its worker.
private final class LaterAnswer: Sendable {
    private let answer: @Sendable (inout ResponseWriter) throws -> Void
    private let core: ServerCore

    init(answer: @escaping @Sendable (inout ResponseWriter) throws -> Void, core: ServerCore) {
        self.answer = answer
        self.core = core
    }

    static let callback: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?) -> Void = {
        context, response in
        guard let context = unsafe context else { return }
        // Balances the retain in `complete`: C calls this exactly once.
        let later = unsafe Unmanaged<LaterAnswer>.fromOpaque(context).takeRetainedValue()
        if let response = unsafe response { unsafe later.run(response) }
    }

    private func run(_ response: OpaquePointer) {
        var writer = unsafe ResponseWriter(lent: response, core: core)
        do {
            try answer(&writer)
            if !writer.isAnswered { throw NoAnswer() }
        } catch {
            writer.fail(error, in: "a deferred answer")
        }
    }
}

private struct NoAnswer: Error, CustomStringConvertible {
    let description = "it returned without an answer"
}
