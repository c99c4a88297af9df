// SPDX-License-Identifier: MIT

/// Rows as JSON.
struct JSONText {
    private(set) var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(40)
    }

    init(_ rows: [WorldRow]) {
        bytes.reserveCapacity(40 * rows.count)
        bytes.append(UInt8(ascii: "["))
        for (index, row) in rows.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(row)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    mutating func append(_ row: WorldRow) {
        bytes.append(#"{"id":"#)
        bytes.append(decimal: row.id)
        bytes.append(#","randomNumber":"#)
        bytes.append(decimal: row.number)
        bytes.append(UInt8(ascii: "}"))
    }
}

extension [UInt8] {
    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    /// A number that is not negative.
    mutating func append(decimal number: Int32) {
        var place: Int32 = 1
        while number / place >= 10 { place *= 10 }
        while place > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / place % 10))
            place /= 10
        }
    }
}
