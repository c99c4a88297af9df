// SPDX-License-Identifier: MIT

import CSQLite

/// A value of a statement.
enum SQLiteValue {
    case integer(Int64)
    case text(String)

    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        switch self {
        case .integer(let number): return sqlite3_bind_int64(statement, index, number)
        case .text(var text):
            return text.withUTF8 { utf8 in
                // An empty buffer has no address, and that would be NULL.
                guard let start = utf8.baseAddress, !utf8.isEmpty else {
                    return csqlite_bind_text(statement, index, "", 0)
                }
                return start.withMemoryRebound(to: CChar.self, capacity: utf8.count) { start in
                    csqlite_bind_text(statement, index, start, Int32(clamping: utf8.count))
                }
            }
        }
    }
}
