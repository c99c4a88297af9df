// SPDX-License-Identifier: MIT

import Testing

@testable import VanillaTesting

@Suite struct ResponseReaderTests {
    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    ])
    func findsTheEndHoweverTheBytesCome(raw: String) throws {
        let bytes = Array(raw.utf8)
        var reader = ResponseReader(answersHead: false)
        for count in 0..<bytes.count {
            #expect(try reader.findEnd(of: Array(bytes[..<count])) == nil)
        }
        #expect(try reader.findEnd(of: bytes) == bytes.count)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n",
    ])
    func doesNotTrapOnHugeLengths(raw: String) throws {
        var reader = ResponseReader(answersHead: false)
        #expect(try reader.findEnd(of: Array(raw.utf8)) == nil)
    }
}
