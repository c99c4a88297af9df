// SPDX-License-Identifier: MIT

public import Vanilla

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Bytes {
    /// The value that the bytes are in JSON, for a body that a handler collected itself; else use
    /// `request.decode`.
    ///
    /// - Throws: ``RequestError``, as `request.decode`, except for the 415.
    public func decodeJSON<Value: Decodable>(
        _ type: Value.Type = Value.self, with decoder: JSONDecoder? = nil,
        maximumCount: Int = JSONLimits.defaultCount,
        maximumNesting: Int = JSONLimits.defaultNesting
    ) throws(RequestError) -> Value {
        try JSONBody(self, maximumCount: maximumCount, maximumNesting: maximumNesting)
            .decode(type, with: decoder)
    }
}
