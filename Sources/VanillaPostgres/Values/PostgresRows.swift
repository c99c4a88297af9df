// SPDX-License-Identifier: MIT

internal import CPostgres
internal import Vanilla

/// The result of a query, where libpq put it. Its memory is freed with the last row of it that is
/// held. It does not change, so that any thread may read it.
///
/// ```swift
/// let rows = try await pool.query(findUser, id)
/// guard let name: String = try rows.first?[0] else { ... }
/// ```
@safe
public final class PostgresRows: @unchecked Sendable {
    /// Owned by this object.
    private let result: OpaquePointer
    /// The number of rows.
    public let count: Int
    /// The number of columns.
    public let columnCount: Int
    /// What is known of the types. Set before a task gets the rows, and then left as it is.
    var types = TypeTable.empty

    /// Takes the result over.
    init(_ result: PostgresResult) {
        unsafe self.result = unsafe result.pointer
        count = unsafe Int(PQntuples(result.pointer))
        columnCount = unsafe Int(PQnfields(result.pointer))
    }

    deinit {
        unsafe PQclear(result)
    }

    /// How many rows an INSERT, UPDATE, DELETE, MERGE, COPY or SELECT was about; 0 for anything
    /// else.
    public var affected: Int {
        // libpq's own memory, with a NUL at its end.
        unsafe Int(String(cString: PQcmdTuples(result))) ?? 0
    }

    /// What the server says that it did, such as `INSERT 0 1`.
    public var tag: String { unsafe String(cString: PQcmdStatus(result)) }

    /// The name of a column, from zero.
    public func name(of column: Int) -> String? {
        guard 0..<columnCount ~= column, let name = unsafe PQfname(result, Int32(column)) else {
            return nil
        }
        return unsafe String(cString: name)
    }

    /// The column with that name, of several the first; `nil` where there is none. The comparison
    /// is exact.
    public func column(_ name: String) -> Int? {
        for column in 0..<columnCount {
            guard let found = unsafe PQfname(result, Int32(column)) else { continue }
            let isIt = unsafe name.withCString { unsafe CText.areEqual($0, found) }
            if isIt { return column }
        }
        return nil
    }

    /// The type of a column.
    public func type(of column: Int) -> PostgresType {
        // Zero for a column that is none.
        unsafe PostgresType(rawValue: PQftype(result, Int32(clamping: column)))
    }

    /// One value, as long as the rows are held.
    @_lifetime(borrow self)
    func cell(row: Int, column: Int) throws(PostgresError) -> PostgresCell {
        guard 0..<count ~= row, 0..<columnCount ~= column else {
            throw PostgresError(
                .decoding,
                "There is no column \(column) in row \(row): the result has \(count) rows of"
                    + " \(columnCount) columns.")
        }
        let (line, field) = (Int32(row), Int32(column))
        // Within the result, which this object owns and never changes.
        let buffer = unsafe UnsafeBufferPointer(
            start: UnsafeRawPointer(PQgetvalue(result, line, field))?
                .assumingMemoryBound(to: UInt8.self),
            count: Int(PQgetlength(result, line, field)))
        let bytes = unsafe _overrideLifetime(Bytes(Span(_unsafeElements: buffer)), borrowing: self)
        // What is in text format is a text and nothing else, whatever the type of the column.
        let isText = unsafe PQfformat(result, field) == 0
        let type = unsafe PostgresType(rawValue: PQftype(result, field))
        var cell = unsafe PostgresCell(
            bytes: bytes, type: isText ? .text : type,
            isNull: PQgetisnull(result, line, field) == 1, column: column, types)
        unsafe cell.name = unsafe UnsafePointer(PQfname(result, field))
        return cell
    }
}
