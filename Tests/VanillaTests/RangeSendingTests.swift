// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

private let digits = "0123456789"

/// The same representation from memory and from a producer that writes little at once.
private func serveDigits(log: Recorder<String>? = nil) throws -> Server {
    let shared = SharedBytes(digits)
    let bytes = Array(digits.utf8)
    return try offline(log: log) { request, response in
        switch request.path {
        case "/memory":
            response.sendRanges(of: shared, etag: "v1", contentType: .text)
        case "/stream":
            response.streamRanges(of: bytes.count, etag: "v1", contentType: .text) { body, range in
                try body.write(Array(bytes[range.prefix(3)]))
                return .more
            }
        default:
            response.streamRanges(of: 10, etag: nil) { body, range in
                try body.write(Array(repeating: 0, count: range.count + 1))
                return .more
            }
        }
    }
}

@Suite struct RangeSendingTests {
    @Test(arguments: ["/memory", "/stream"])
    func sendsTheWhole(path: String) throws {
        let server = try serveDigits()
        for fields in [
            "A: b", "Range: bytes=4-2", "Range: lines=0-1",
            "Range: bytes=0-1\r\nRange: bytes=0-1",
        ] {
            let answer = server.answer(get(path, fields: fields))
            #expect(answer.status == 200 && answer.text == digits, "\(fields)")
            #expect(answer["Accept-Ranges"] == "bytes" && answer["Content-Range"] == nil)
            #expect(answer["ETag"] == "\"v1\"")
            #expect(answer["Content-Type"] == "text/plain; charset=utf-8")
        }
    }

    @Test(arguments: ["/memory", "/stream"])
    func sendsOnePart(path: String) throws {
        let server = try serveDigits()
        for (range, text, named) in [
            ("0-3", "0123", "0-3"), ("7-", "789", "7-9"), ("-2", "89", "8-9"),
            ("0-99", digits, "0-9"), ("3-3,50-60", "3", "3-3"),
        ] {
            let answer = server.answer(get(path, fields: "Range: bytes=\(range)"))
            #expect(answer.status == 206 && answer.text == text, "\(range)")
            #expect(answer["Content-Range"] == "bytes \(named)/10" && answer["ETag"] == "\"v1\"")
            #expect(answer["Content-Length"] == String(text.count))
        }
    }

    @Test(arguments: ["/memory", "/stream"])
    func sendsSeveralParts(path: String) throws {
        let server = try serveDigits()
        let answer = server.answer(get(path, fields: "Range: bytes=7-9,0-4"))
        #expect(answer.status == 206 && answer["Content-Range"] == nil)
        let type = try #require(answer["Content-Type"])
        #expect(type.hasPrefix("multipart/byteranges; boundary="))
        let boundary = type.dropFirst("multipart/byteranges; boundary=".count)
        #expect(
            answer.text == """
                --\(boundary)\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Range: bytes 7-9/10\r
                \r
                789\r
                --\(boundary)\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Range: bytes 0-4/10\r
                \r
                01234\r
                --\(boundary)--\r

                """)
        #expect(answer["Content-Length"] == String(answer.body.count))
        let again = server.answer(get(path, fields: "Range: bytes=7-9,0-4"))
        #expect(again["Content-Type"] != type)
    }

    @Test(arguments: ["/memory", "/stream"])
    func refusesWhatDoesNotExist(path: String) throws {
        let server = try serveDigits()
        let answer = server.answer(get(path, fields: "Range: bytes=10-"))
        #expect(answer.status == 416 && answer["Content-Range"] == "bytes */10")
    }

    @Test(arguments: ["/memory", "/stream"])
    func sendsAPartOnlyOfWhatTheClientHas(path: String) throws {
        let server = try serveDigits()
        let same = server.answer(get(path, fields: "Range: bytes=0-1\r\nIf-Range: \"v1\""))
        #expect(same.status == 206 && same.text == "01")
        for other in ["\"v2\"", "W/\"v1\"", "Sun, 06 Nov 1994 08:49:37 GMT"] {
            let whole = server.answer(get(path, fields: "Range: bytes=0-1\r\nIf-Range: \(other)"))
            #expect(whole.status == 200 && whole.text == digits, "\(other)")
            let beyond = server.answer(get(path, fields: "Range: bytes=99-\r\nIf-Range: \(other)"))
            #expect(beyond.status == 200, "\(other)")
        }
        let known = server.answer(get(path, fields: "Range: bytes=0-1\r\nIf-None-Match: \"v1\""))
        #expect(known.status == 304 && known["Content-Range"] == nil)
        let unknown = server.answer(get(path, fields: "Range: bytes=0-1\r\nIf-Match: \"v2\""))
        #expect(unknown.status == 412)
    }

    @Test(arguments: ["/memory", "/stream"])
    func sendsNoPartToHEAD(path: String) throws {
        let server = try serveDigits()
        let answer = server.answer(
            "HEAD \(path) HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\nConnection: close\r\n\r\n")
        #expect(answer.status == 200 && answer["Content-Length"] == "10" && answer.body.isEmpty)
    }

    @Test func cutsAnAnswerWhoseProducerWritesBeyondItsRange() throws {
        let log = Recorder<String>()
        let server = try serveDigits(log: log)
        _ = server.answer(get("/excess", fields: "Range: bytes=0-1,5-6"))
        #expect(log.values.contains { $0.contains("3 bytes were written for the range 0..<2.") })
    }

    @Test(arguments: backends)
    func sendsAPartLater(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { _, response in
            let completion = response.sendLater()
            onAnotherThread {
                completion.finish { response in
                    response.sendRanges(of: Array(digits.utf8), etag: "v1", contentType: .text)
                }
            }
        }
        let answers = try server.answers([
            get("/", fields: "Range: bytes=2-3"), get("/", fields: "Range: bytes=0-0,9-9"),
        ])
        #expect(answers.map(\.status) == [206, 206] && answers[0].text == "23")
    }
}
