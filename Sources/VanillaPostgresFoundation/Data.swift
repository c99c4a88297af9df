// SPDX-License-Identifier: MIT

public import VanillaPostgres

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A `bytea`.
extension Data: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    public static var postgresType: PostgresType { .bytea }
    public static var postgresArrayType: PostgresType { .byteaArray }
    public static func reads(_ type: PostgresType) -> Bool { type == .bytea }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.append(span, type: .bytea)
    }

    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard cell.form == .bytea, !cell.isNull else { throw cell.mismatch(Data.self) }
        self = unsafe cell.bytes.span.withUnsafeBufferPointer { unsafe Data($0) }
    }
}
