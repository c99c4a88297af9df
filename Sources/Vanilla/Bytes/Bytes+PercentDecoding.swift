// SPDX-License-Identifier: MIT

extension Bytes {
    /// The text that the bytes encode: `%2F` is `/` (RFC 3986, section 2.1).
    ///
    /// A `+` stays a `+`, unless `plusIsSpace`, as in the query that a form makes
    /// (`application/x-www-form-urlencoded`). `nil` where a `%` is not followed by two hexadecimal
    /// digits, and where the result is not UTF-8.
    public func percentDecoded(plusIsSpace: Bool = false) -> String? {
        guard let bytes = percentDecodedBytes(plusIsSpace: plusIsSpace) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The bytes that the bytes encode, of any value; `nil` where a `%` is not followed by two
    /// hexadecimal digits.
    public func percentDecodedBytes(plusIsSpace: Bool = false) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(count)
        var index = 0
        while index < count {
            switch span[index] {
            case UInt8(ascii: "%"):
                guard let byte = escapedByte(at: index) else { return nil }
                decoded.append(byte)
                index += 3
            case UInt8(ascii: "+") where plusIsSpace:
                decoded.append(UInt8(ascii: " "))
                index += 1
            case let byte:
                decoded.append(byte)
                index += 1
            }
        }
        return decoded
    }

    /// The byte that the escape starting at `index` stands for; `nil` where there is no escape.
    func escapedByte(at index: Int) -> UInt8? {
        guard count - index >= 3, let high = hexadecimalDigit(span[index + 1]),
            let low = hexadecimalDigit(span[index + 2])
        else { return nil }
        return high << 4 | low
    }
}

func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
