// SPDX-License-Identifier: MIT

import CLibrary
import CSQLite

/// A connection to a database in a file, and the statements that it has prepared. One thread at a
/// time.
final class SQLiteConnection {
    private let database: OpaquePointer
    /// By their text. There are as many as in the source.
    private var statements: [String: OpaquePointer] = [:]

    /// Opens a file, and makes it where there is none. Others wait for each other up to five
    /// seconds.
    init(path: String) throws(SQLiteError) {
        // SQLite would let everybody read it; it is of hashes of passwords. Others of its files
        // follow.
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if file >= 0 { close(file) }
        var database: OpaquePointer?
        let result = sqlite3_open_v2(
            path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil)
        guard result == SQLITE_OK, let database else {
            let error = SQLiteError(database, result)
            sqlite3_close_v2(database)
            throw SQLiteError(code: error.code, message: "\(path): \(error.message)")
        }
        self.database = database
        sqlite3_extended_result_codes(database, 1)
        sqlite3_busy_timeout(database, 5000)
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(database)
    }

    /// Runs statements that have no values and no rows.
    func execute(_ sql: String) throws(SQLiteError) {
        try check(sqlite3_exec(database, sql, nil, nil, nil))
    }

    /// The same for what SQLite does not wait for by itself, such as a change of the journal, for
    /// which others must not even read: tries again for up to five seconds.
    func executeOnceFree(_ sql: String) throws(SQLiteError) {
        for _ in 0..<500 {
            do {
                return try execute(sql)
            } catch {
                guard error.isBusy else { throw error }
                sqlite3_sleep(10)
            }
        }
        try execute(sql)
    }

    /// Runs one statement with its values, which are never part of its text.
    func rows<Row>(
        _ sql: String, _ values: [SQLiteValue] = [], _ makeRow: (SQLiteRow) throws -> Row
    ) throws -> [Row] {
        let statement = try prepare(sql)
        // A statement that stands on a row would keep a lock.
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() {
            try check(value.bind(to: statement, at: Int32(index + 1)))
        }
        var rows: [Row] = []
        while true {
            let result = sqlite3_step(statement)
            if result == SQLITE_DONE { return rows }
            guard result == SQLITE_ROW else { throw SQLiteError(database, result) }
            rows.append(try makeRow(SQLiteRow(statement)))
        }
    }

    /// Does all of it or nothing. No other connection writes meanwhile.
    func transaction(_ body: () throws -> Void) throws {
        try execute("BEGIN IMMEDIATE")
        do {
            try body()
            try execute("COMMIT")
        } catch {
            // It may have been ended by the failure itself; what matters is the failure.
            try? execute("ROLLBACK")
            throw error
        }
    }

    private func prepare(_ sql: String) throws(SQLiteError) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        var statement: OpaquePointer?
        try check(
            sqlite3_prepare_v3(
                database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil))
        guard let statement else { throw SQLiteError(code: SQLITE_MISUSE, message: "no statement") }
        statements[sql] = statement
        return statement
    }

    private func check(_ result: Int32) throws(SQLiteError) {
        if result != SQLITE_OK { throw SQLiteError(database, result) }
    }
}
