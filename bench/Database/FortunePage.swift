// SPDX-License-Identifier: MIT

/// Fortunes as a page of HTML.
struct FortunePage {
    private(set) var bytes: [UInt8] = []

    init(_ fortunes: [Fortune]) {
        bytes.reserveCapacity(4096)
        bytes.append(
            """
            <!DOCTYPE html><html><head><title>Fortunes</title></head><body><table>\
            <tr><th>id</th><th>message</th></tr>
            """)
        for fortune in fortunes {
            bytes.append("<tr><td>")
            bytes.append(decimal: fortune.id)
            bytes.append("</td><td>")
            append(escaping: fortune.message)
            bytes.append("</td></tr>")
        }
        bytes.append("</table></body></html>")
    }

    /// A text between tags, so that no byte of it is taken for markup.
    private mutating func append(escaping text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes.append("&amp;")
            case UInt8(ascii: "<"): bytes.append("&lt;")
            case UInt8(ascii: ">"): bytes.append("&gt;")
            case UInt8(ascii: "\""): bytes.append("&quot;")
            case UInt8(ascii: "'"): bytes.append("&#39;")
            default: bytes.append(byte)
            }
        }
    }
}
