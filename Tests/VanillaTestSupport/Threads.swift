// SPDX-License-Identifier: MIT

import Foundation

/// Not the global pool of threads, which tests that wait may fill.
public func onAnotherThread(_ body: @escaping @Sendable () -> Void) {
    Thread(block: body).start()
}

/// What a body that blocks returns, on a thread of its own: meanwhile the caller's is free for the
/// tasks that the body waits for, since Swift has one thread for each CPU.
public func onAThreadOfItsOwn<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        onAnotherThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}

/// Which thread this is, among those that live.
public func threadNumber() -> Int { Int(bitPattern: pthread_self()) }
