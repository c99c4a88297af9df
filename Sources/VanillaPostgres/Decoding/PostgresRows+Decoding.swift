// SPDX-License-Identifier: MIT

extension PostgresRow {
    /// The row as a type whose properties are called as the columns.
    ///
    /// ```swift
    /// struct User: Decodable {
    ///     var id: Int
    ///     var name: String?
    /// }
    /// let user = try row.decode(User.self)
    /// ```
    ///
    /// An optional property is `nil` where the column is NULL, or there is none of that name; of
    /// several columns of one name the first counts. A property whose type is ``PostgresDecodable``
    /// is read as that says, one that is an enumeration by its raw value, a nested `Decodable` type
    /// from a composite, and an array of these from an array.
    ///
    /// - Parameter columns: How the columns are called.
    /// - Throws: ``PostgresError`` of the kind `decoding`, with the column's name and the type that
    ///   was wanted; an error that the type itself throws as it is.
    @_disfavoredOverload
    public func decode<Value: Decodable>(
        _: Value.Type = Value.self, columns: PostgresColumnNames = .automatic
    ) throws -> Value {
        try decode(DecodingColumns(rows, columns))
    }

    func decode<Value: Decodable>(_ columns: DecodingColumns) throws -> Value {
        let decoder = RowDecoder(
            names: DecodingNames(self, columns), wanted: Value.self, codingPath: [])
        do {
            return try columns.isValue(Value.self)
                ? decoder.singleValueContainer().decode(Value.self) : Value(from: decoder)
        } catch let error as DecodingError {
            throw PostgresError(error)
        }
    }

    /// The row as a tuple, or as a single value: one type for each of its columns.
    ///
    /// ```swift
    /// let (id, name) = try row.decode((Int, String?).self)
    /// ```
    ///
    /// - Throws: ``PostgresError`` of the kind `decoding` where a column holds something else, or
    ///   there are more or less columns than types.
    @inlinable
    public func decode<each Column: PostgresDecodable>(
        _ types: (repeat each Column).Type
    ) throws(PostgresError) -> (repeat each Column) {
        var count = 0
        for _ in repeat (each Column).self { count += 1 }
        try rows.expect(columns: count, types)
        return try fields()
    }

    /// There are as many columns.
    @inlinable
    func fields<each Column: PostgresDecodable>() throws(PostgresError) -> (repeat each Column) {
        var column = 0
        func next() -> Int {
            defer { column += 1 }
            return column
        }
        return (repeat try (each Column)(cell(next())))
    }
}

extension PostgresRows {
    /// Every row as a type whose properties are called as the columns, as one row's `decode` reads
    /// it.
    ///
    /// - Parameter columns: How the columns are called.
    /// - Throws: ``PostgresError`` of the kind `decoding`, with the column's name and the type that
    ///   was wanted; an error that the type itself throws as it is.
    @_disfavoredOverload
    public func decode<Value: Decodable>(
        _: Value.Type = Value.self, columns: PostgresColumnNames = .automatic
    ) throws -> [Value] {
        let columns = DecodingColumns(self, columns)
        return try map { try $0.decode(columns) }
    }

    /// Every row as a tuple, or as a single value: one type for each column.
    ///
    /// ```swift
    /// for (id, name) in try rows.decode((Int, String?).self) { ... }
    /// ```
    ///
    /// - Throws: ``PostgresError`` of the kind `decoding` where a column holds something else, or
    ///   there are more or less columns than types, even where there is no row.
    @inlinable
    public func decode<each Column: PostgresDecodable>(
        _ types: (repeat each Column).Type
    ) throws(PostgresError) -> [(repeat each Column)] {
        var count = 0
        for _ in repeat (each Column).self { count += 1 }
        try expect(columns: count, types)
        return try map { row throws(PostgresError) in try row.fields() }
    }
}

extension PostgresError {
    /// What a `Decodable` type says itself, such as an enumeration that does not have the value.
    init(_ error: DecodingError) {
        let context: DecodingError.Context? =
            switch error {
            case .dataCorrupted(let context): context
            case .keyNotFound(_, let context): context
            case .typeMismatch(_, let context): context
            case .valueNotFound(_, let context): context
            @unknown default: nil
            }
        let path = context?.codingPath ?? []
        let text = context?.debugDescription ?? "\(error)"
        self.init(.decoding, path.isEmpty ? text : "Column \(path.text): \(text)")
    }
}
