// SPDX-License-Identifier: MIT

internal import Vanilla

/// The bytes of a test's request.
struct RequestWriter {
    let method: Method
    let target: String
    let headers: TestHeaders
    let body: TestBody?

    /// Whether a server that closed the connection without a word may be asked again (RFC 9110,
    /// section 9.2.2).
    var isIdempotent: Bool {
        [.get, .head, .put, .delete, .options].contains(method)
    }

    /// The path alone.
    var path: String { String(target.prefix { $0 != "?" }) }

    /// - Throws: ``TestError`` of the kind `invalidRequest`.
    func bytes(host: String, cookies: String?) throws(TestError) -> [UInt8] {
        try check()
        var head = "\(method) \(target) HTTP/1.1\r\n"
        if headers["Host"] == nil { head += "Host: \(host)\r\n" }
        if let cookies, headers["Cookie"] == nil { head += "Cookie: \(cookies)\r\n" }
        if let type = body?.contentType, headers["Content-Type"] == nil {
            head += "Content-Type: \(type)\r\n"
        }
        if headers["Content-Length"] == nil, headers["Transfer-Encoding"] == nil {
            if let body {
                head += "Content-Length: \(body.bytes.count)\r\n"
            } else if [.post, .put, .patch].contains(method) {
                head += "Content-Length: 0\r\n"
            }
        }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        return Array(head.utf8) + Array("\r\n".utf8) + (body?.bytes ?? [])
    }

    private func check() throws(TestError) {
        if target.isEmpty || target.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
            throw TestError(
                .invalidRequest,
                "The target \"\(target)\" is empty, or has a space or a control byte: percent-encode it."
            )
        }
        for (name, value) in headers
        where name.isEmpty || (name + value).utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) {
            throw TestError(
                .invalidRequest,
                "The field \"\(name)\" has no name, or a line break. TestConnection sends what is broken."
            )
        }
    }
}
