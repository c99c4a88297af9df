// SPDX-License-Identifier: MIT

/// A currency by its code of three letters (ISO 4217), as EUR.
public struct Currency: Equatable, Sendable {
    public let code: String

    public init(_ code: String) throws(Invalid) {
        let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
        guard code.utf8.count == 3, code.utf8.allSatisfy({ byte in letters ~= byte }) else {
            throw Invalid("must be a code of three capital letters, as EUR")
        }
        self.code = code
    }
}
