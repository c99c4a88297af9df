// SPDX-License-Identifier: MIT

internal import Vanilla

// An array in the binary format: dimensions, a flag for nulls, the type of the elements; for each
// dimension its size and first index; each element with its size before it.

extension PostgresParameters {
    /// Adds an array of one dimension, whose elements `write` adds, each as one parameter is.
    func append(
        arrayOf type: PostgresType, _ arrayType: PostgresType, count: Int,
        _ write: () throws(PostgresError) -> Void
    ) throws(PostgresError) {
        guard count <= Self.sizeLimit else {
            throw PostgresError(.encoding, "An array has at most \(Self.sizeLimit) elements.")
        }
        try begin(arrayType, of: type)
        try self.write(Int32(count == 0 ? 0 : 1))
        // Whether there are nulls, which the server finds out by itself.
        try self.write(Int32(0))
        try self.write(type.rawValue)
        if count > 0 {
            try self.write(Int32(count))
            try self.write(Int32(1))
        }
        try write()
        end()
    }
}

extension PostgresCell {
    /// Reads an array of one dimension whose elements have a type that `reads` holds for, calling
    /// `read` for each element's place.
    ///
    /// - Parameter wanted: What is to become of it, for the sentence of an error.
    func decodeArray<Element>(
        wanted: Any.Type = [Element].self, _ reads: (PostgresType) -> Bool,
        _ read: (borrowing PostgresCell) throws(PostgresError) -> Element
    ) throws(PostgresError) -> [Element] {
        let span = bytes.span
        guard !isNull, types.isArray(form), span.count >= 12 else {
            throw mismatch(wanted)
        }
        let dimensions: Int32 = span.bigEndian(at: 0)
        let found = PostgresType(rawValue: span.bigEndian(at: 8))
        guard reads(types.form(of: found)) else { throw mismatch(wanted) }
        if dimensions == 0 { return [] }
        guard dimensions == 1 else {
            throw failure(
                "is an array of \(dimensions) dimensions (\(typeName)); one with one is read as"
                    + " \(wanted)")
        }
        guard span.count >= 20 else { throw mismatch(wanted) }

        let count = Int(span.bigEndian(at: 12) as Int32)
        // Each element has four bytes for its size at least.
        guard 0...(span.count - 20) / 4 ~= count else { throw mismatch(wanted) }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        var end = 20
        for part in 0..<count {
            guard let element = span.sized(at: end) else { throw mismatch(wanted) }
            elements.append(try read(inner(element.place, of: found, part: part)))
            end = element.end
        }
        return elements
    }
}
