// SPDX-License-Identifier: MIT

public import Vanilla

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Request.Parameters {
    /// The identifier that the parameter called `name`, decoded, spells.
    ///
    /// - Parameter status: The answer to anything else; 404 by default, because nothing has such a
    ///   path.
    /// - Throws: ``RequestError`` with that status; ``RouteError`` of the kind `unknownParameter`.
    public func require(
        _ name: StaticString, as type: UUID.Type, else status: Status = .notFound
    ) throws -> UUID {
        guard let uuid = UUID(uuidString: try require(name, as: String.self, else: status)) else {
            throw RequestError(status)
        }
        return uuid
    }
}

extension Request.QueryItems {
    /// The identifier that the value of the first item called `name` spells; `nil` where there is
    /// none, and for anything else.
    public subscript(_ name: String, as type: UUID.Type) -> UUID? {
        self[name].flatMap { text in UUID(uuidString: text) }
    }

    /// The identifier that the value of the first item called `name` spells.
    ///
    /// - Parameter status: The answer where there is none, and to anything else; 400 by default.
    /// - Throws: ``RequestError`` with that status, which names the item.
    public func require(
        _ name: String, as type: UUID.Type, else status: Status = .badRequest
    ) throws(RequestError) -> UUID {
        guard let uuid = UUID(uuidString: try require(name, else: status)) else {
            throw RequestError(status, "\(name) must be a UUID.")
        }
        return uuid
    }
}
