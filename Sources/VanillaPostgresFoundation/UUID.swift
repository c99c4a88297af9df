// SPDX-License-Identifier: MIT

public import VanillaPostgres

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension PostgresUUID {
    /// The same identifier.
    public init(_ uuid: UUID) {
        let (b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15) = uuid.uuid
        let bytes = [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15]
        self.init(bytes.reduce(0) { $0 << 8 | UInt128($1) })
    }
}

/// A `uuid`.
extension UUID: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// The same identifier.
    public init(_ uuid: PostgresUUID) {
        func byte(_ index: Int) -> UInt8 {
            UInt8(truncatingIfNeeded: uuid.number >> (8 * (15 - index)))
        }
        self.init(
            uuid: (
                byte(0), byte(1), byte(2), byte(3), byte(4), byte(5), byte(6), byte(7), byte(8),
                byte(9), byte(10), byte(11), byte(12), byte(13), byte(14), byte(15)
            ))
    }

    public static var postgresType: PostgresType { .uuid }
    public static var postgresArrayType: PostgresType { .uuidArray }
    public static func reads(_ type: PostgresType) -> Bool { type == .uuid }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try PostgresUUID(self).encode(into: parameters)
    }

    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        self.init(try PostgresUUID(cell))
    }
}
