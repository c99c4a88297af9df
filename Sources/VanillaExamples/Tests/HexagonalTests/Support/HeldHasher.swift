// SPDX-License-Identifier: MIT

import Dispatch
import HexagonalApplication
import HexagonalDomain
import VanillaTestSupport

@testable import HexagonalExample

/// A hasher that takes as long as the test says.
final class HeldHasher: PasswordHasher {
    /// Gets a value when a password is being checked.
    let begun = Recorder<String>()
    private let held = DispatchSemaphore(value: 0)
    private let threads = ThreadPool([()], maximumWaiting: 1)

    func release() {
        held.signal()
    }

    func hash(_ password: Password) throws -> PasswordHash {
        PasswordHash("")
    }

    func isPassword(_ attempt: String, of hash: PasswordHash?) async throws -> Bool {
        try await threads.run { [begun, held] _ in
            begun.record(attempt)
            held.wait()
            return false
        }
    }
}
