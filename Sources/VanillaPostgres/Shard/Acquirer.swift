// SPDX-License-Identifier: MIT

/// A task that wants a connection for itself. Only on the worker's thread, once it was made.
@safe
final class Acquirer: Waiting, @unchecked Sendable {
    let lease: Lease.Request
    private var continuation: UnsafeContinuation<Lease, any Error>?
    private(set) var isOver = false
    let handover = Handover()

    init(_ lease: Lease.Request) {
        self.lease = lease
    }

    /// Names the task to resume. False where it was cancelled before, and goes on.
    func begin(_ continuation: UnsafeContinuation<Lease, any Error>) -> Bool {
        if isOver { unsafe continuation.resume(throwing: CancellationError()) }
        unsafe self.continuation = isOver ? nil : continuation
        return !isOver
    }

    func finish(_ connection: Connection) {
        isOver = true
        if let continuation = unsafe continuation.take() {
            let lease = Lease(connection)
            handover.give()
            unsafe continuation.resume(returning: lease)
        }
    }

    func finish(_ error: any Error) {
        isOver = true
        if let continuation = unsafe continuation.take() {
            handover.give()
            unsafe continuation.resume(throwing: error)
        }
    }
}
