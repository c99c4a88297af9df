// SPDX-License-Identifier: MIT

/// What queries are asked of: a ``PostgresPool``, or a ``PostgresConnection`` that is leased from
/// it, so that a function works in a transaction and outside of one.
///
/// ```swift
/// func users(in database: some PostgresDatabase) async throws -> [User] {
///     try await database.query("select id, name from users", as: User.self)
/// }
/// ```
public protocol PostgresDatabase: AnyObject, Sendable {
    /// Asks a statement: see ``PostgresPool/query(_:_:timeout:)``.
    @discardableResult
    nonisolated(nonsending) func query<each Parameter: PostgresEncodable>(
        _ statement: Statement, _ parameters: repeat each Parameter, timeout: Duration?
    ) async throws -> PostgresRows

    /// Asks what is not worth preparing.
    @discardableResult
    nonisolated(nonsending) func query<each Parameter: PostgresEncodable>(
        _ sql: String, _ parameters: repeat each Parameter, timeout: Duration?
    ) async throws -> PostgresRows

    /// Asks a statement, with as many parameters as are known at run time.
    @discardableResult
    nonisolated(nonsending) func query(
        _ statement: Statement, parameters: [any PostgresEncodable], timeout: Duration?
    ) async throws -> PostgresRows

    /// Asks what is not worth preparing, with as many parameters as are known at run time.
    @discardableResult
    nonisolated(nonsending) func query(
        _ sql: String, parameters: [any PostgresEncodable], timeout: Duration?
    ) async throws -> PostgresRows
}

extension PostgresPool: PostgresDatabase {}
extension PostgresConnection: PostgresDatabase {}

// A requirement has no default arguments. The pool and the connection have, and are asked directly.

extension PostgresDatabase {
    /// Asks a statement, within the time that the connection has for one.
    @_disfavoredOverload @inlinable
    @discardableResult
    nonisolated(nonsending) public func query<each Parameter: PostgresEncodable>(
        _ statement: Statement, _ parameters: repeat each Parameter
    ) async throws -> PostgresRows {
        try await query(statement, repeat each parameters, timeout: nil)
    }

    /// Asks what is not worth preparing, within the time that the connection has for a statement.
    @_disfavoredOverload @inlinable
    @discardableResult
    nonisolated(nonsending) public func query<each Parameter: PostgresEncodable>(
        _ sql: String, _ parameters: repeat each Parameter
    ) async throws -> PostgresRows {
        try await query(sql, repeat each parameters, timeout: nil)
    }

    /// Asks a statement, with as many parameters as are known at run time, within the time that the
    /// connection has for one.
    @_disfavoredOverload @inlinable
    @discardableResult
    nonisolated(nonsending) public func query(
        _ statement: Statement, parameters: [any PostgresEncodable]
    ) async throws -> PostgresRows {
        try await query(statement, parameters: parameters, timeout: nil)
    }

    /// Asks what is not worth preparing, with as many parameters as are known at run time, within
    /// the time that the connection has for a statement.
    @_disfavoredOverload @inlinable
    @discardableResult
    nonisolated(nonsending) public func query(
        _ sql: String, parameters: [any PostgresEncodable]
    ) async throws -> PostgresRows {
        try await query(sql, parameters: parameters, timeout: nil)
    }
}

// MARK: - Rows as types

extension PostgresDatabase {
    /// Asks a statement for rows as a type whose properties are called as the columns.
    ///
    /// ```swift
    /// let users = try await pool.query(findUsers, age, as: User.self)
    /// ```
    ///
    /// - Parameter columns: How the columns are called.
    /// - Throws: What ``PostgresPool/query(_:_:timeout:)`` and ``PostgresRow/decode(_:columns:)``
    ///   throw.
    @_disfavoredOverload @inlinable
    nonisolated(nonsending) public func query<Row: Decodable, each Parameter: PostgresEncodable>(
        _ statement: Statement, _ parameters: repeat each Parameter, as type: Row.Type,
        columns: PostgresColumnNames = .automatic, timeout: Duration? = nil
    ) async throws -> [Row] {
        try await query(statement, repeat each parameters, timeout: timeout)
            .decode(type, columns: columns)
    }

    /// Asks what is not worth preparing for rows as a type whose properties are called as the
    /// columns.
    ///
    /// - Parameter columns: How the columns are called.
    /// - Throws: What ``PostgresPool/query(_:_:timeout:)`` and ``PostgresRow/decode(_:columns:)``
    ///   throw.
    @_disfavoredOverload @inlinable
    nonisolated(nonsending) public func query<Row: Decodable, each Parameter: PostgresEncodable>(
        _ sql: String, _ parameters: repeat each Parameter, as type: Row.Type,
        columns: PostgresColumnNames = .automatic, timeout: Duration? = nil
    ) async throws -> [Row] {
        try await query(sql, repeat each parameters, timeout: timeout)
            .decode(type, columns: columns)
    }

    /// Asks a statement for rows as tuples, or as single values: one type for each column.
    ///
    /// ```swift
    /// for (id, name) in try await pool.query(findUsers, age, as: (Int, String?).self) { ... }
    /// let count = try await pool.query(countUsers, as: Int.self).first
    /// ```
    ///
    /// - Throws: What ``PostgresPool/query(_:_:timeout:)`` and ``PostgresRow/decode(_:)`` throw.
    @inlinable
    nonisolated(nonsending) public func query<
        each Column: PostgresDecodable, each Parameter: PostgresEncodable
    >(
        _ statement: Statement, _ parameters: repeat each Parameter,
        as types: (repeat each Column).Type, timeout: Duration? = nil
    ) async throws -> [(repeat each Column)] {
        try await query(statement, repeat each parameters, timeout: timeout).decode(types)
    }

    /// Asks what is not worth preparing for rows as tuples, or as single values: one type for each
    /// column.
    ///
    /// - Throws: What ``PostgresPool/query(_:_:timeout:)`` and ``PostgresRow/decode(_:)`` throw.
    @inlinable
    nonisolated(nonsending) public func query<
        each Column: PostgresDecodable, each Parameter: PostgresEncodable
    >(
        _ sql: String, _ parameters: repeat each Parameter, as types: (repeat each Column).Type,
        timeout: Duration? = nil
    ) async throws -> [(repeat each Column)] {
        try await query(sql, repeat each parameters, timeout: timeout).decode(types)
    }
}
