// SPDX-License-Identifier: MIT

public import VanillaPostgres

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A text, which is the absolute URL.
extension URL: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    public static var postgresType: PostgresType { String.postgresType }
    public static var postgresArrayType: PostgresType { String.postgresArrayType }
    public static func reads(_ type: PostgresType) -> Bool { String.reads(type) }

    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try absoluteString.encode(into: parameters)
    }

    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        guard let url = URL(string: try String(cell)) else { throw cell.mismatch(URL.self) }
        self = url
    }
}
