// SPDX-License-Identifier: MIT

/// The values of which each has a name: the columns of a row, or the fields of a composite.
struct DecodingNames {
    let style: PostgresColumnNames
    private let values: Values

    private enum Values {
        case row(PostgresRow, DecodingColumns)
        case composite(PostgresComposite)
    }

    init(_ row: PostgresRow, _ columns: DecodingColumns) {
        style = columns.style
        values = .row(row, columns)
    }

    init(_ composite: PostgresComposite, _ style: PostgresColumnNames) {
        self.style = style
        values = .composite(composite)
    }

    /// Every name, in order.
    var all: [String] {
        switch values {
        case .row(let row, _): (0..<row.rows.columnCount).map { row.rows.name(of: $0) ?? "" }
        case .composite(let composite): composite.fieldNames
        }
    }

    /// Where the value of a key is; nil where there is none.
    func find(_ key: String) -> DecodingPlace? {
        switch values {
        case .row(let row, let columns): columns.find(key).map { .column(row, $0) }
        case .composite(let composite):
            style.columns(key).lazy.compactMap { composite.fieldNames.firstIndex(of: $0) }.first
                .map { .field(composite, $0) }
        }
    }

    /// The value of all of it: of a row that has one column.
    func alone(_ wanted: Any.Type) throws(PostgresError) -> DecodingPlace {
        guard case .row(let row, let columns) = values else {
            throw PostgresError(.decoding, "A composite is no \(wanted).")
        }
        try columns.expect(1, wanted)
        return .column(row, 0)
    }

    /// The error that says that there is none.
    func missing(_ key: String, _ wanted: Any.Type) -> PostgresError {
        let kind = if case .row = values { "column" } else { "field" }
        let other = PostgresColumnNames.snakeCase(key)
        let names = style.columns(key).joined(separator: " or ")
        var text = "There is no \(kind) \(names); wanted: \(wanted)."
        if style == .exact && other != key && all.contains(other) {
            text += " There is \(other), which columns: .automatic finds."
        }
        return PostgresError(.decoding, text)
    }
}

/// The columns of a result by the keys that they are asked for with, each looked for once for all
/// rows. Used by one task.
final class DecodingColumns {
    let style: PostgresColumnNames
    private let rows: PostgresRows
    private var found: [String: Int?] = [:]
    private var lastType: (type: Any.Type, isValue: Bool)?

    init(_ rows: PostgresRows, _ style: PostgresColumnNames) {
        self.rows = rows
        self.style = style
    }

    func find(_ key: String) -> Int? {
        if let column = found[key] { return column }
        let column = style.columns(key).lazy.compactMap { [rows] in rows.column($0) }.first
        found.updateValue(column, forKey: key)
        return column
    }

    /// Whether a type is one that a column is read as, which is found out once for all rows.
    func isValue(_ type: Any.Type) -> Bool {
        if let lastType, lastType.type == type { return lastType.isValue }
        let isValue = type is any PostgresDecodable.Type
        lastType = (type, isValue)
        return isValue
    }

    func expect(_ count: Int, _ wanted: Any.Type) throws(PostgresError) {
        try rows.expect(columns: count, wanted)
    }
}

extension PostgresRows {
    @usableFromInline
    func expect(columns: Int, _ wanted: Any.Type) throws(PostgresError) {
        guard columnCount == columns else {
            throw PostgresError(
                .decoding, "The result has \(columnCount) columns; wanted: \(wanted).")
        }
    }
}
