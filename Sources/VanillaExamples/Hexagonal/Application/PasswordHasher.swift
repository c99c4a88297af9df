// SPDX-License-Identifier: MIT

public import HexagonalDomain

/// A port: what makes of passwords something that may be kept.
public protocol PasswordHasher: Sendable {
    /// The hash of a password, with a new salt.
    ///
    /// - Throws: ``ApplicationError/busy`` where too many wait already.
    func hash(_ password: Password) async throws -> PasswordHash

    /// Whether somebody gave the password that this is the hash of. Which form of Unicode it was
    /// typed in makes no difference (RFC 8265, section 4.2).
    ///
    /// Without a hash the answer is no, and costs what it costs with one: the time says nothing.
    ///
    /// - Throws: ``ApplicationError/busy`` where too many wait already.
    func isPassword(_ attempt: String, of hash: PasswordHash?) async throws -> Bool
}
