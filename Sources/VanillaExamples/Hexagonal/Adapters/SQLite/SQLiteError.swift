// SPDX-License-Identifier: MIT

import CSQLite

/// What SQLite says.
struct SQLiteError: Error, CustomStringConvertible {
    /// The extended result code.
    let code: Int32
    let message: String

    var description: String { "SQLite: \(message) (\(code))" }

    init(code: Int32, message: String) {
        self.code = code
        self.message = message
    }

    init(_ database: OpaquePointer?, _ result: Int32) {
        let text = sqlite3_errmsg(database) ?? sqlite3_errstr(result)
        self.init(code: result, message: text.map { String(cString: $0) } ?? "")
    }

    /// Whether a row was refused because there is one like it.
    var isDuplicate: Bool { code == SQLITE_CONSTRAINT | 8 << 8 }

    /// Whether others held the file too long.
    var isBusy: Bool { code & 0xFF == SQLITE_BUSY }
}
