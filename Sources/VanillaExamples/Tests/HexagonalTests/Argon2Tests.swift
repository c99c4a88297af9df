// SPDX-License-Identifier: MIT

import HexagonalApplication
import HexagonalDomain
import Testing

@testable import HexagonalExample

@Suite struct Argon2Tests {
    /// As little as the library takes.
    private let cost = Argon2Cost(memory: 8, passes: 1)

    @Test func knowsThePasswordAgain() async throws {
        let hasher = try Argon2Hasher(cost: cost, threads: 2)
        let hash = try await hasher.hash(Password("correct horse"))
        #expect(try await hasher.isPassword("correct horse", of: hash))
        for attempt in ["correct horsf", "correct hors", "correct horse ", "", "\0"] {
            #expect(try await !hasher.isPassword(attempt, of: hash))
        }
        // All of a password counts, also what follows a zero.
        let zero = try await hasher.hash(Password("12345678\0one"))
        #expect(try await hasher.isPassword("12345678\0one", of: zero))
        #expect(try await !hasher.isPassword("12345678\0two", of: zero))
    }

    @Test func salts() async throws {
        let hasher = try Argon2Hasher(cost: cost, threads: 1)
        let password = try Password("correct horse")
        let hashes = [try await hasher.hash(password), try await hasher.hash(password)]
        #expect(hashes[0] != hashes[1])
        for hash in hashes {
            #expect(hash.text.hasPrefix("$argon2id$v=19$m=8,t=1,p=1$"))
        }
    }

    @Test func costsWhatIsRecommended() throws {
        let hash = try Argon2Cost.recommended.hash([])
        #expect(hash.text.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
    }

    /// What an unknown user's attempt is checked against costs the same as a known one's.
    @Test func checksForNobodyAtTheSameCost() async throws {
        let hasher = try Argon2Hasher(cost: cost, threads: 1)
        let hash = try await hasher.hash(Password("correct horse"))
        func parameters(_ hash: PasswordHash) -> [Substring] {
            Array(hash.text.split(separator: "$").prefix(3))
        }
        #expect(parameters(hasher.nobodysHash) == parameters(hash))
        #expect(hasher.nobodysHash.text.utf8.count == hash.text.utf8.count)
        #expect(try await !hasher.isPassword("correct horse", of: nil))
        #expect(try await !hasher.isPassword("", of: nil))
    }

    @Test func understandsHashesOfAnotherCost() async throws {
        let hash = try Argon2Cost(memory: 16, passes: 2).hash(Array("correct horse".utf8))
        let hasher = try Argon2Hasher(cost: cost, threads: 1)
        #expect(try await hasher.isPassword("correct horse", of: hash))
    }

    @Test func refusesWhatIsNoHash() async throws {
        let hasher = try Argon2Hasher(cost: cost, threads: 1)
        for text in ["", "plain", "$argon2id$v=19$m=8,t=1,p=1$", "$2b$12$x"] {
            await #expect(throws: Argon2Failure.self) {
                try await hasher.isPassword("correct horse", of: PasswordHash(text))
            }
        }
    }
}
