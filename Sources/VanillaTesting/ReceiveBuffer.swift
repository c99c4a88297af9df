// SPDX-License-Identifier: MIT

internal import Vanilla

/// What has come on one connection and was not read yet. The thread of the connection puts bytes
/// in, and a task waits for them, which holds up no thread.
final class ReceiveBuffer: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var end: End?
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// Why nothing more comes.
    private enum End {
        case closed
        case failed(TestError)
    }

    private let state = Lock(State())

    /// Bytes have come.
    func receive(_ bytes: [UInt8]) {
        change { state in
            if state.bytes.isEmpty { state.bytes = bytes } else { state.bytes += bytes }
        }
    }

    /// Nothing more comes: the first end counts.
    ///
    /// - Parameter error: What is thrown to the reader; `nil` where the server has closed.
    func receiveEnd(_ error: TestError? = nil) {
        change { state in
            if state.end == nil { state.end = error.map(End.failed) ?? .closed }
        }
    }

    /// What the deadline does, and who closes: also what has come is not to be read any more.
    func fail(_ error: TestError) {
        change { state in
            state.bytes = []
            state.end = .failed(error)
        }
    }

    /// The number of bytes that wait.
    var count: Int { state.withLock { $0.bytes.count } }

    /// Whether there is nothing to read, and more may come.
    var isQuiet: Bool { state.withLock { $0.bytes.isEmpty && $0.end == nil } }

    /// All that has come, at least a byte; `nil` at the end. One reader at a time.
    ///
    /// - Throws: ``TestError``, or `CancellationError`.
    nonisolated(nonsending) func read() async throws -> [UInt8]? {
        while true {
            try Task.checkCancellation()
            let found: Result<[UInt8]?, TestError>? = state.withLock { state in
                if !state.bytes.isEmpty {
                    defer { state.bytes = [] }
                    return .success(state.bytes)
                }
                return switch state.end {
                case nil: nil
                case .closed: .success(nil)
                case .failed(let error): .failure(error)
                }
            }
            if let found { return try found.get() }
            await waitForChange()
        }
    }

    private nonisolated(nonsending) func waitForChange() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if !state.bytes.isEmpty || state.end != nil || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            change { _ in }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiter = state.withLock { state in
            body(&state)
            return state.waiter.take()
        }
        waiter?.resume()
    }
}
