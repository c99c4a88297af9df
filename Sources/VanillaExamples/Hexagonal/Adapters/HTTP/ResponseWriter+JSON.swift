// SPDX-License-Identifier: MIT

import Vanilla
import VanillaJSON

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes the same value as the same text each time. Its options never change.
private let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
}()

extension ResponseWriter {
    /// Answers in JSON, and for this client alone: who is registered, and who logged in, is not for
    /// caches.
    ///
    /// - Throws: ``ResponseError`` where the value cannot be written.
    mutating func sendJSON(
        _ value: some Encodable, status: Status = .ok
    ) throws(ResponseError) {
        headers.add(.cacheControl, "no-store")
        try send(json: value, status: status, with: encoder)
    }
}
