// SPDX-License-Identifier: MIT

/// One `name=value` of a query, both as they were sent.
public struct QueryItem: ~Escapable {
    /// What stands before the first `=`.
    public let name: Bytes
    /// What stands behind the first `=`; empty where there is none.
    public let value: Bytes

    @_lifetime(copy item)
    init(_ item: Bytes) {
        let end = item.firstIndex(of: UInt8(ascii: "=")) ?? item.count
        name = item.prefix(end)
        value = item.dropFirst(end + 1)
    }

    /// The name as the text that it encodes; `nil` where it encodes none.
    ///
    /// As in the URL Standard (section 5.1) and in every browser's forms, a `+` is a space.
    public var decodedName: String? { name.percentDecoded(plusIsSpace: true) }

    /// The value as the text that it encodes, a `+` being a space; `nil` where it encodes none.
    public var decodedValue: String? { value.percentDecoded(plusIsSpace: true) }

    /// Whether the name, decoded, is `name`. Decodes only a name that is encoded.
    func isNamed(_ name: StaticString) -> Bool {
        if self.name == name { return true }
        let span = self.name.span
        let isEncoded = span.indices.contains { index in
            span[index] == UInt8(ascii: "%") || span[index] == UInt8(ascii: "+")
        }
        guard isEncoded, let decoded = self.name.percentDecodedBytes(plusIsSpace: true) else {
            return false
        }
        return Bytes(decoded.span) == name
    }
}
