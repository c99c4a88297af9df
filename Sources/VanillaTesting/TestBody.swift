// SPDX-License-Identifier: MIT

/// The body of a test's request, and what it is.
///
/// ```swift
/// try await client.post("/notes", body: "a text")
/// try await client.post("/login", body: .form(["user": "ada", "password": "p & q"]))
/// ```
public struct TestBody: Sendable {
    /// The bytes.
    public let bytes: [UInt8]
    /// What the request says in Content-Type, unless its headers do; `nil` for nothing.
    public let contentType: String?

    /// A body of any kind.
    public init(_ bytes: [UInt8], contentType: String? = nil) {
        self.bytes = bytes
        self.contentType = contentType
    }

    /// Text in UTF-8, which is what a literal is, too.
    public static func text(
        _ text: String, contentType: String = "text/plain; charset=utf-8"
    ) -> TestBody {
        TestBody(Array(text.utf8), contentType: contentType)
    }

    /// The fields of a form, as a browser sends them (`application/x-www-form-urlencoded`).
    public static func form(_ fields: KeyValuePairs<String, String>) -> TestBody {
        let text = fields.map { name, value in
            "\(formEncoded(name))=\(formEncoded(value))"
        }.joined(separator: "&")
        return TestBody(Array(text.utf8), contentType: "application/x-www-form-urlencoded")
    }
}

extension TestBody: ExpressibleByStringLiteral {
    /// Plain text.
    public init(stringLiteral text: String) {
        self = .text(text)
    }
}

/// As the URL standard serializes forms: letters, digits and `*-._` as they are, a space as `+`.
private func formEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    var encoded = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "-"),
            UInt8(ascii: "."), UInt8(ascii: "_"):
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        case UInt8(ascii: " "): encoded += "+"
        default: encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }
    }
    return encoded
}
