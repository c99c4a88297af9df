// SPDX-License-Identifier: MIT

internal import Vanilla

/// Where a value is that a `Decodable` type is made from. A cell cannot be kept, and a decoder is,
/// so that the cell is looked up each time.
enum DecodingPlace {
    case column(PostgresRow, Int)
    case field(PostgresComposite, Int)
    case element(DecodingElement)

    func read<Value>(
        _ body: (borrowing PostgresCell) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        switch self {
        case .column(let row, let column): try body(row.cell(column))
        case .field(let composite, let field): try body(composite.cell(field))
        case .element(let element): try body(element.cell)
        }
    }

    /// The value where its type is one that columns are read as.
    func read<Value: PostgresDecodable>(_: Value.Type) throws(PostgresError) -> Value {
        try read { cell throws(PostgresError) in try Value(cell) }
    }

    func isNull() throws(PostgresError) -> Bool {
        try read { cell throws(PostgresError) in cell.isNull }
    }

    /// The elements of an array.
    func elements(_ wanted: Any.Type) throws(PostgresError) -> [DecodingElement] {
        try read { cell throws(PostgresError) in
            try cell.decodeArray(wanted: wanted, { _ in true }) { element throws(PostgresError) in
                DecodingElement(element)
            }
        }
    }
}

/// A copy of an element of an array.
struct DecodingElement {
    private let bytes: [UInt8]
    private let type: PostgresType
    private let isNull: Bool
    private let column: Int
    private let part: Int
    private let types: TypeTable

    init(_ cell: borrowing PostgresCell) {
        bytes = Array(cell.bytes)
        type = cell.type
        isNull = cell.isNull
        column = cell.column
        part = cell.part
        types = cell.types
    }

    var cell: PostgresCell {
        @_lifetime(borrow self)
        get {
            PostgresCell(
                bytes: Bytes(bytes.span), type: type, isNull: isNull, column: column, part: part,
                types)
        }
    }
}
