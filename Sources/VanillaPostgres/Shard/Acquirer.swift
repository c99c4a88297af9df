// SPDX-License-Identifier: MIT

/// Somebody who wants a connection for itself. Only on the worker's thread.
@safe
final class Acquirer: Waiting, @unchecked Sendable {
    private let shard: Shard
    private var continuation: UnsafeContinuation<Void, Never>?
    private var connection: Connection?
    private var failure: (any Error)?
    private var isOver = false

    init(_ shard: Shard) {
        self.shard = shard
    }

    nonisolated(nonsending) func run() async throws -> Connection {
        let worker = shard.worker
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                unsafe self.continuation = unsafe continuation
                submit()
            }
        } onCancel: {
            worker.run { self.cancel() }
        }
        if let connection { return connection }
        throw failure ?? CancellationError()
    }

    /// Only now, when there is somebody to resume.
    private func submit() {
        if isOver { return resume() }
        do {
            try shard.admit(self)
        } catch {
            finish(error)
        }
    }

    func finish(_ connection: Connection) {
        self.connection = connection
        resume()
    }

    func finish(_ error: any Error) {
        failure = error
        resume()
    }

    private func resume() {
        isOver = true
        guard let continuation = unsafe continuation else { return }
        unsafe self.continuation = nil
        unsafe continuation.resume()
    }

    private func cancel() {
        guard !isOver else { return }
        shard.forget(self)
        finish(CancellationError())
    }
}
