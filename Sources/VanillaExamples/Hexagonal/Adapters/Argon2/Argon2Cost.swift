// SPDX-License-Identifier: MIT

import CArgon2
import HexagonalApplication

/// What a hash by Argon2id costs, whoever makes it. The text of a hash says its own, so that what
/// was kept before a change is still understood.
struct Argon2Cost: Sendable {
    /// In KiB.
    let memory: UInt32
    /// How often it is gone over.
    let passes: UInt32

    /// The recommendation of OWASP: 19 MiB, twice, on one thread.
    static let recommended = Argon2Cost(memory: 19 << 10, passes: 2)

    private static let saltCount = 16
    private static let digestCount = 32

    /// The hash of a password with a salt that no other has. Takes its time; any thread.
    func hash(_ password: [UInt8]) throws -> PasswordHash {
        let salt = randomBytes(count: Self.saltCount)
        let count = argon2_encodedlen(
            passes, memory, 1, UInt32(Self.saltCount), UInt32(Self.digestCount), Argon2_id)
        var text = [CChar](repeating: 0, count: count)
        let result = argon2id_hash_encoded(
            passes, memory, 1, password, password.count, salt, salt.count, Self.digestCount, &text,
            text.count)
        guard result == ARGON2_OK.rawValue else { throw failure(result) }
        let bytes = text.prefix { character in character != 0 }.map(UInt8.init(bitPattern:))
        return PasswordHash(String(decoding: bytes, as: UTF8.self))
    }

    /// Whether a hash is of this password. Takes the time that making the hash took; any thread.
    static func isPassword(_ attempt: [UInt8], of hash: PasswordHash) throws -> Bool {
        switch argon2id_verify(hash.text, attempt, attempt.count) {
        case ARGON2_OK.rawValue: return true
        case ARGON2_VERIFY_MISMATCH.rawValue: return false
        case let result: throw failure(result)
        }
    }
}

/// Why no hash was made or read. There may be memory again in a moment.
private func failure(_ result: Int32) -> any Error {
    if result == ARGON2_MEMORY_ALLOCATION_ERROR.rawValue { return ApplicationError.busy }
    return Argon2Failure(description: String(cString: argon2_error_message(result)))
}

/// What libargon2 says of a hash or of its cost.
struct Argon2Failure: Error, CustomStringConvertible {
    let description: String
}
