// SPDX-License-Identifier: MIT

import Vanilla
import VanillaTesting

/// One response, taken apart.
public struct Answer: Sendable {
    public let status: Int
    /// Name and value of each line, in order.
    public let fields: [(name: String, value: String)]
    public let body: [UInt8]

    /// The response that `bytes` begin with.
    public init(_ bytes: [UInt8]) {
        let headEnd =
            bytes.indices.first { bytes[$0...].starts(with: "\r\n\r\n".utf8) } ?? bytes.endIndex
        var lines = String(decoding: bytes[..<headEnd], as: UTF8.self).split(separator: "\r\n")
        let statusLine = lines.isEmpty ? "" : lines.removeFirst()
        status = Int(statusLine.dropFirst(9).prefix(3)) ?? 0
        fields = lines.map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (String(parts[0]), String(parts[1].dropFirst()))
        }
        body = Array(bytes.dropFirst(headEnd + 4))
    }

    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of the only line called `name`; `nil` where there is none, or more than one.
    public subscript(_ name: String) -> String? {
        let values = fields.filter { $0.name.lowercased() == name.lowercased() }
        return values.count == 1 ? values[0].value : nil
    }

    /// The body without the framing of its chunks.
    public var joinedChunks: [UInt8] {
        var joined: [UInt8] = []
        var rest = body[...]
        while let lineEnd = rest.firstIndex(of: UInt8(ascii: "\r")),
            let size = Int(String(decoding: rest[..<lineEnd], as: UTF8.self), radix: 16), size > 0
        {
            joined += rest[(lineEnd + 2)..<(lineEnd + 2 + size)]
            rest = rest[(lineEnd + size + 4)...]
        }
        return joined
    }
}

extension Server {
    /// Pushes one request through the server without a socket.
    public func answer(_ request: String) -> Answer {
        Answer(handle(Array(request.utf8)))
    }

    /// `server.test` with text.
    public func answers(_ requests: [String], deadline: Duration = .seconds(60)) throws -> [Answer]
    {
        try test(requests.map { Array($0.utf8) }, deadline: deadline).map(Answer.init)
    }
}

/// A request without a body.
public func get(_ target: String, method: String = "GET", fields: String...) -> String {
    let lines = fields.map { $0 + "\r\n" }.joined()
    return "\(method) \(target) HTTP/1.1\r\nHost: a\r\n\(lines)\r\n"
}

/// A request with a body.
public func post(_ target: String, _ body: String, fields: String...) -> String {
    let lines = fields.map { $0 + "\r\n" }.joined()
    return
        "POST \(target) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\(lines)\r\n\(body)"
}
