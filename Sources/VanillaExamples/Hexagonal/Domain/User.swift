// SPDX-License-Identifier: MIT

/// Somebody who registered.
public struct User: Equatable, Sendable {
    /// A number from 1 on, which says nothing but who came first.
    public let id: Int64
    public let name: UserName

    public init(id: Int64, name: UserName) {
        self.id = id
        self.name = name
    }
}
