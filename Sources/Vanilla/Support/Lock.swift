// SPDX-License-Identifier: MIT

/// A value that one thread at a time may use.
///
/// `Synchronization.Mutex` does the same, but on Linux by a futex that ThreadSanitizer does not
/// see, so that it reports what is not there and would miss what is.
package final class Lock<Value>: @unchecked Sendable {
    private let mutex = SystemMutex()
    /// Only used while the mutex is held.
    private var value: Value

    package init(_ value: Value) {
        self.value = value
    }

    /// Calls `body` with the value while nobody else has it.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        mutex.lock()
        defer { mutex.unlock() }
        return try body(&value)
    }
}
