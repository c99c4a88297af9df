// SPDX-License-Identifier: MIT

/// One row of a result. It holds the whole result.
///
/// ```swift
/// let id: Int = try row[0]
/// let name = try row["name", as: String?.self]
/// ```
public struct PostgresRow: Sendable {
    /// The result of which it is.
    public let rows: PostgresRows
    /// Which row it is, from zero.
    public let index: Int

    /// A value by its column, from zero.
    ///
    /// - Throws: ``PostgresError`` of the kind `decoding` where the column holds something else, or
    ///   there is none.
    public subscript<Value: PostgresDecodable>(column: Int) -> Value {
        get throws(PostgresError) { try Value(cell(column)) }
    }

    /// A value by the name of its column, which is looked for: by number is faster.
    ///
    /// - Throws: ``PostgresError`` where the cell cannot be read as that type.
    public subscript<Value: PostgresDecodable>(name: String) -> Value {
        get throws(PostgresError) { try Value(cell(find(name))) }
    }

    /// A value by its column, from zero, as a type that is named here.
    public subscript<Value: PostgresDecodable>(column: Int, as _: Value.Type) -> Value {
        get throws(PostgresError) { try Value(cell(column)) }
    }

    /// A value by the name of its column, as a type that is named here.
    public subscript<Value: PostgresDecodable>(name: String, as _: Value.Type) -> Value {
        get throws(PostgresError) { try Value(cell(find(name))) }
    }

    /// A value where it is, for what wants no copy: `try response.append(row.cell(0).bytes)`.
    @_lifetime(borrow self)
    public func cell(_ column: Int) throws(PostgresError) -> PostgresCell {
        try rows.cell(row: index, column: column)
    }

    private func find(_ name: String) throws(PostgresError) -> Int {
        guard let column = rows.column(name) else {
            throw PostgresError(.decoding, "There is no column \(name).")
        }
        return column
    }
}
