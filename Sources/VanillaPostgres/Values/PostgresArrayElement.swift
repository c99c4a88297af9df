// SPDX-License-Identifier: MIT

internal import Vanilla

// An array in the binary format: dimensions, a flag for nulls, the type of the elements; for each
// dimension its size and first index; each element with its size before it.

extension PostgresParameters {
    /// Adds an array of one dimension, whose elements `write` adds: without their size, where all
    /// have the same.
    func append<Element>(
        array: [Element], of type: PostgresType, as arrayType: PostgresType,
        size: Int32?,
        _ write: (Element) throws(PostgresError) -> Void
    ) throws(PostgresError) {
        guard array.count <= Self.sizeLimit else {
            throw PostgresError(.encoding, "An array has at most \(Self.sizeLimit) elements.")
        }
        try begin(arrayType)
        try self.write(Int32(array.isEmpty ? 0 : 1))
        try self.write(Int32(0))
        try self.write(type.rawValue)
        if !array.isEmpty {
            try self.write(Int32(array.count))
            try self.write(Int32(1))
        }
        for element in array {
            if let size { try self.write(size) }
            try write(element)
        }
        end()
    }
}

extension PostgresCell {
    /// Reads an array of one dimension without nulls, calling `read` for each element's place.
    func decodeArray<Element>(
        of types: [PostgresType],
        _ read: (borrowing PostgresCell) throws(PostgresError) -> Element
    ) throws(PostgresError) -> [Element] {
        let span = bytes.span
        guard !isNull, span.count >= 12 else { throw mismatch([Element].self) }
        let dimensions: Int32 = span.bigEndian(at: 0)
        let found = PostgresType(rawValue: span.bigEndian(at: 8))
        guard types.contains(found) else { throw mismatch([Element].self) }
        if dimensions == 0 { return [] }
        guard dimensions == 1, span.count >= 20 else { throw mismatch([Element].self) }

        let count = Int(span.bigEndian(at: 12) as Int32)
        // Each element has four bytes for its size at least.
        guard 0...(span.count - 20) / 4 ~= count else { throw mismatch([Element].self) }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        var place = 20
        for _ in 0..<count {
            guard place + 4 <= span.count else { throw mismatch([Element].self) }
            let size = Int(span.bigEndian(at: place) as Int32)
            place += 4
            guard size >= 0, size <= span.count - place else { throw mismatch([Element].self) }
            let element = PostgresCell(
                bytes: Bytes(span.extracting(place..<place + size)), type: found, isNull: false,
                column: column)
            elements.append(try read(element))
            place += size
        }
        return elements
    }
}

extension Int16: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .int2Array }

    public static func encode(
        _ array: [Int16], into parameters: PostgresParameters
    ) throws(PostgresError) {
        try parameters.append(array: array, of: .int2, as: .int2Array, size: 2) {
            number throws(PostgresError) in try parameters.write(number)
        }
    }

    public static func decodeArray(_ cell: borrowing PostgresCell) throws(PostgresError) -> [Int16]
    {
        try cell.decodeArray(of: [.int2]) { cell throws(PostgresError) in try Int16(cell) }
    }
}

extension Int32: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .int4Array }

    public static func encode(
        _ array: [Int32], into parameters: PostgresParameters
    ) throws(PostgresError) {
        try parameters.append(array: array, of: .int4, as: .int4Array, size: 4) {
            number throws(PostgresError) in try parameters.write(number)
        }
    }

    public static func decodeArray(_ cell: borrowing PostgresCell) throws(PostgresError) -> [Int32]
    {
        try cell.decodeArray(of: [.int4, .int2]) { cell throws(PostgresError) in try Int32(cell) }
    }
}

extension Int64: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .int8Array }

    public static func encode(
        _ array: [Int64], into parameters: PostgresParameters
    ) throws(PostgresError) {
        try parameters.append(array: array, of: .int8, as: .int8Array, size: 8) {
            number throws(PostgresError) in try parameters.write(number)
        }
    }

    public static func decodeArray(_ cell: borrowing PostgresCell) throws(PostgresError) -> [Int64]
    {
        try cell.decodeArray(of: [.int8, .int4, .int2]) { cell throws(PostgresError) in
            try Int64(cell)
        }
    }
}

extension Int: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .int8Array }

    public static func encode(
        _ array: [Int], into parameters: PostgresParameters
    ) throws(PostgresError) {
        try parameters.append(array: array, of: .int8, as: .int8Array, size: 8) {
            number throws(PostgresError) in try parameters.write(Int64(number))
        }
    }

    public static func decodeArray(_ cell: borrowing PostgresCell) throws(PostgresError) -> [Int] {
        try cell.decodeArray(of: [.int8, .int4, .int2]) { cell throws(PostgresError) in
            try Int(cell)
        }
    }
}

extension Double: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .float8Array }

    public static func encode(
        _ array: [Double], into parameters: PostgresParameters
    ) throws(PostgresError) {
        try parameters.append(array: array, of: .float8, as: .float8Array, size: 8) {
            number throws(PostgresError) in try parameters.write(number.bitPattern)
        }
    }

    public static func decodeArray(_ cell: borrowing PostgresCell) throws(PostgresError) -> [Double]
    {
        try cell.decodeArray(of: [.float8, .float4]) { cell throws(PostgresError) in
            try Double(cell)
        }
    }
}

extension UUID: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .uuidArray }

    public static func encode(
        _ array: [UUID], into parameters: PostgresParameters
    ) throws(PostgresError) {
        try parameters.append(array: array, of: .uuid, as: .uuidArray, size: 16) {
            uuid throws(PostgresError) in try parameters.write(uuid.number)
        }
    }

    public static func decodeArray(_ cell: borrowing PostgresCell) throws(PostgresError) -> [UUID] {
        try cell.decodeArray(of: [.uuid]) { cell throws(PostgresError) in try UUID(cell) }
    }
}

extension String: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .textArray }

    /// - Throws: ``PostgresError`` for a text with a NUL.
    public static func encode(
        _ array: [String], into parameters: PostgresParameters
    ) throws(PostgresError) {
        try parameters.append(array: array, of: .text, as: .textArray, size: nil) {
            text throws(PostgresError) in
            guard !text.utf8.contains(0) else {
                throw PostgresError(.encoding, "A text with a NUL in it cannot be sent.")
            }
            // A text that does not fit is refused by the second call.
            try parameters.write(Int32(clamping: text.utf8.count))
            try parameters.write([UInt8](text.utf8).span)
        }
    }

    public static func decodeArray(_ cell: borrowing PostgresCell) throws(PostgresError) -> [String]
    {
        try cell.decodeArray(of: [.text, .varchar, .bpchar, .name]) { cell throws(PostgresError) in
            try String(cell)
        }
    }
}

/// Bytes are a bytea.
extension UInt8: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .bytea }

    public static func encode(
        _ array: [UInt8], into parameters: PostgresParameters
    ) throws(PostgresError) {
        try parameters.append(array.span, type: .bytea)
    }

    public static func decodeArray(_ cell: borrowing PostgresCell) throws(PostgresError) -> [UInt8]
    {
        guard cell.type == .bytea, !cell.isNull else { throw cell.mismatch([UInt8].self) }
        return Array(cell.bytes)
    }
}
