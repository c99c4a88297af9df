// SPDX-License-Identifier: MIT

/// A task that wants a connection for itself. Only on the worker's thread.
@safe
final class Acquirer: Waiting, @unchecked Sendable {
    private var continuation: UnsafeContinuation<Void, Never>?
    private var connection: Connection?
    private var failure: (any Error)?
    private(set) var isOver = false

    /// Names the task to resume. False where it was cancelled before, and goes on.
    func begin(_ continuation: UnsafeContinuation<Void, Never>) -> Bool {
        unsafe self.continuation = unsafe continuation
        if isOver { resume() }
        return !isOver
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

    /// What the task has got.
    func takeConnection() throws -> Connection {
        if let connection { return connection }
        throw failure ?? CancellationError()
    }
}
