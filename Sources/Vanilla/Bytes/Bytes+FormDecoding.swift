// SPDX-License-Identifier: MIT

// What `application/x-www-form-urlencoded` encodes, by the parser of the URL Standard (section
// 5.1), which refuses nothing: a `+` is a space, a `%` that is not followed by two hexadecimal
// digits stands for itself, and what is not UTF-8 in the end becomes U+FFFD. To refuse such input
// instead, call `percentDecoded(plusIsSpace: true)`.

extension Bytes {
    /// The text that the bytes encode in a query or in a form. Never fails.
    var formDecoded: String {
        if !isFormEncoded { return String(self) }
        return String(decoding: formDecodedBytes, as: UTF8.self)
    }

    /// The bytes that the bytes encode in a query or in a form, of any value.
    var formDecodedBytes: [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(count)
        var index = 0
        while index < count { decoded.append(formByte(at: &index)) }
        return decoded
    }

    /// Writes the bytes that the bytes encode. Returns how many they are; `nil`, with the buffer's
    /// content unspecified, where it has no room for all.
    func formDecode(into buffer: inout MutableSpan<UInt8>) -> Int? {
        var index = 0
        var written = 0
        while index < count {
            guard written < buffer.count else { return nil }
            buffer[written] = formByte(at: &index)
            written += 1
        }
        return written
    }

    /// Whether the bytes encode `other`. Nothing is allocated.
    func formEncodes(_ other: Bytes) -> Bool {
        // An encoded byte takes one byte or three.
        guard other.count <= count else { return false }
        var index = 0
        for position in other.span.indices {
            guard index < count, formByte(at: &index) == other.span[position] else { return false }
        }
        return index == count
    }

    /// Whether decoding changes anything.
    var isFormEncoded: Bool {
        span.indices.contains { index in
            span[index] == UInt8(ascii: "%") || span[index] == UInt8(ascii: "+")
        }
    }

    /// The byte encoded at `index`, which moves past it.
    private func formByte(at index: inout Int) -> UInt8 {
        let byte = span[index]
        if byte == UInt8(ascii: "%"), let escaped = escapedByte(at: index) {
            index += 3
            return escaped
        }
        index += 1
        return byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte
    }
}
