// SPDX-License-Identifier: MIT

internal import CPostgres

/// A result as libpq hands it out: somebody calls `clear`, or makes ``PostgresRows`` of it.
@safe
struct PostgresResult {
    let pointer: OpaquePointer

    enum Status {
        case done
        case failed
        case aborted
        case sync
        /// Rows may pass now.
        case copying
        /// What a pipeline cannot have.
        case unusable
    }

    var status: Status {
        switch unsafe PQresultStatus(pointer) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: .done
        case PGRES_FATAL_ERROR, PGRES_NONFATAL_ERROR: .failed
        case PGRES_PIPELINE_ABORTED: .aborted
        case PGRES_PIPELINE_SYNC: .sync
        case PGRES_COPY_IN, PGRES_COPY_OUT: .copying
        default: .unusable
        }
    }

    /// What the server says that it did, such as `COMMIT`.
    var tag: String { unsafe String(cString: PQcmdStatus(pointer)) }

    /// Whether a transaction is open now.
    var beginsTransaction: Bool {
        // It ends with a NUL, and that of nearly all begins with other letters, such as SELECT.
        let tag = unsafe PQcmdStatus(pointer)!
        if unsafe tag[0] == CChar(UInt8(ascii: "B")) { return unsafe CText.areEqual(tag, "BEGIN") }
        guard unsafe tag[0] == CChar(UInt8(ascii: "S")) && tag[1] == CChar(UInt8(ascii: "T")) else {
            return false
        }
        return unsafe CText.areEqual(tag, "START TRANSACTION")
    }

    func clear() {
        unsafe PQclear(pointer)
    }

    /// Whether a row takes more bytes than that. libpq has to have each as a whole.
    func hasRow(over bound: Int) -> Bool {
        guard unsafe PQresultMemorySize(pointer) > bound else { return false }
        let (rows, columns) = unsafe (PQntuples(pointer), PQnfields(pointer))
        return (0..<rows).contains { row in
            var size = 0
            // A row and a column that are there.
            for column in 0..<columns { size += Int(unsafe PQgetlength(pointer, row, column)) }
            return size > bound
        }
    }

    /// The error of a result that failed.
    var error: PostgresError {
        let state = field(CPOSTGRES_SQLSTATE) ?? ""
        let stale = state == "0A000" && field(CPOSTGRES_FUNCTION) == "RevalidateCachedQuery"
        return unsafe PostgresError(
            state.isEmpty ? .connection : .server,
            field(CPOSTGRES_MESSAGE) ?? trimmed(unsafe PQresultErrorMessage(pointer)),
            sqlState: state, detail: field(CPOSTGRES_DETAIL), hint: field(CPOSTGRES_HINT),
            constraint: field(CPOSTGRES_CONSTRAINT),
            position: field(CPOSTGRES_POSITION).flatMap { Int($0) }, isStalePlan: stale,
            isFatal: cpostgres_is_fatal(pointer))
    }

    private func field(_ field: cpostgres_field) -> String? {
        // Memory of the result, with a NUL at its end.
        guard let text = unsafe PQresultErrorField(pointer, Int32(field.rawValue)) else {
            return nil
        }
        return unsafe String(cString: text)
    }
}

/// A message of libpq without the end of its last line.
@unsafe
func trimmed(_ text: UnsafePointer<CChar>?) -> String {
    guard let text = unsafe text else { return "" }
    var message = unsafe String(cString: text)
    while message.last?.isNewline == true { message.removeLast() }
    return message
}
