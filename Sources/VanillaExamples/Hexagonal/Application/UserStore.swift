// SPDX-License-Identifier: MIT

public import HexagonalDomain

/// A port: where users are kept. Every store behaves as these sentences say, and one set of tests
/// checks all of them.
public protocol UserStore: Sendable {
    /// Keeps a new user.
    ///
    /// - Throws: ``ApplicationError/nameTaken`` where there is one of that name, whoever else adds
    ///   it at the same moment; ``ApplicationError/busy``; or an error of the store.
    func addUser(named name: UserName, passwordHash: PasswordHash) async throws -> User

    /// The user of that name, with what the password is checked against; `nil` where there is none.
    ///
    /// - Throws: ``ApplicationError/busy``, or an error of the store.
    func findUser(named name: UserName) async throws -> (user: User, passwordHash: PasswordHash)?

    /// The users of a page, by their numbers.
    ///
    /// - Throws: ``ApplicationError/busy``, or an error of the store.
    func listUsers(_ page: Page) async throws -> [User]
}
