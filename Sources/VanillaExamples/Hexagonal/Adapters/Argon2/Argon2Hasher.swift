// SPDX-License-Identifier: MIT

import HexagonalApplication
import HexagonalDomain

/// Hashes passwords by Argon2id (RFC 9106), on threads of its own: a hash takes tens of
/// milliseconds and many megabytes, on purpose.
///
/// As many are made at the same time as there are threads, and as many wait as allowed, so that a
/// flood of logins takes neither all memory nor all processors.
final class Argon2Hasher: PasswordHasher {
    private let cost: Argon2Cost
    private let threads: ThreadPool<Void>
    /// What an attempt is checked against where there is no user: the hash of nothing anybody
    /// knows.
    let nobodysHash: PasswordHash

    /// - Parameters:
    ///   - cost: What a hash costs.
    ///   - threads: The hashes at the same time at most.
    ///   - limit: Those that wait for them at most.
    init(cost: Argon2Cost = .recommended, threads: Int, maximumWaiting limit: Int = 64) throws {
        self.cost = cost
        self.threads = ThreadPool(Array(repeating: (), count: threads), maximumWaiting: limit)
        nobodysHash = try cost.hash(randomBytes(count: 32))
    }

    func hash(_ password: Password) async throws -> PasswordHash {
        try await threads.run { [cost] _ in try cost.hash(passwordBytes(password.text)) }
    }

    func isPassword(_ attempt: String, of hash: PasswordHash?) async throws -> Bool {
        let isRight = try await threads.run { [nobodysHash] _ in
            try Argon2Cost.isPassword(passwordBytes(attempt), of: hash ?? nobodysHash)
        }
        return isRight && hash != nil
    }
}

/// Bytes that nobody can foresee: from the system's generator, made for keys.
func randomBytes(count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in generator.next() }
}
