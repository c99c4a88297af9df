// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

private let modified = HTTPDate(secondsSince1970: 784_111_777)
private let modifiedText = "Sun, 06 Nov 1994 08:49:37 GMT"

@Suite struct ConditionalSendingTests {
    @Test func sendsEveryKindOfBodyWithItsTag() throws {
        let shared = SharedBytes("body")
        let server = try offline { request, response in
            switch request.path {
            case "/static": response.send("body", etag: "v1")
            case "/string": response.send("bo" + String("dy"), etag: "v1")
            case "/array": response.send(Array("body".utf8), etag: "v1")
            case "/span":
                let bytes = Array("body".utf8)
                response.send(bytes.span, etag: "v1")
            case "/body": response.send(request.path.dropFirst(), etag: "v1")
            default: response.send(shared, etag: "v1")
            }
        }
        for path in ["/static", "/string", "/array", "/span", "/body", "/shared"] {
            let whole = server.answer(get(path))
            #expect(whole.status == 200 && whole.text == "body", "\(path)")
            #expect(whole["ETag"] == "\"v1\"" && whole["Last-Modified"] == nil, "\(path)")
            let known = server.answer(get(path, fields: "If-None-Match: \"v1\""))
            #expect(known.status == 304 && known.body.isEmpty, "\(path)")
            #expect(known["ETag"] == "\"v1\"" && known["Date"] != nil, "\(path)")
            #expect(known["Content-Length"] == nil && known["Content-Type"] == nil, "\(path)")
        }
    }

    /// What a 304 keeps, by RFC 9110, section 15.4.5, and what a 412 has no use for.
    @Test(arguments: [true, false])
    func keepsTheFieldsThatUpdateACopy(hasTag: Bool) throws {
        let server = try offline { request, response in
            response.headers.add(.cacheControl, "max-age=60")
            response.headers.add("content-ENCODING", "gzip")
            response.headers.add(.contentLanguage, "en")
            response.headers.add(.contentLocation, "/en")
            response.headers.add(.expires, "0")
            response.headers.add("Content-Range", "bytes 0-3/4")
            response.headers.add(.contentType, "text/x")
            response.headers.add(.vary, "Accept")
            response.headers.add(.setCookie, "a=1")
            response.headers.add(.setCookie, "b=2")
            response.send(
                "body", etag: hasTag ? "v1" : nil, lastModified: modified, contentType: .none)
        }
        let whole = server.answer(get("/"))
        #expect(whole.status == 200 && whole["Last-Modified"] == modifiedText)
        #expect(whole["ETag"] == (hasTag ? "\"v1\"" : nil))
        #expect(whole["Content-Language"] == "en" && whole["content-encoding"] == "gzip")

        let known = server.answer(
            get(
                "/",
                fields: hasTag ? "If-None-Match: \"v1\"" : "If-Modified-Since: \(modifiedText)"))
        #expect(
            known.fields.map(\.name) == [
                "Date", "Cache-Control", "Content-Location", "Expires", "Vary", "Set-Cookie",
                "Set-Cookie", hasTag ? "ETag" : "Last-Modified",
            ])
        #expect(known.status == 304 && known.body.isEmpty)
        #expect(known["ETag"] == (hasTag ? "\"v1\"" : nil))
        #expect(known["Last-Modified"] == (hasTag ? nil : modifiedText))

        let failed = server.answer(get("/", fields: "If-Match: \"v0\""))
        #expect(
            failed.fields.map(\.name) == [
                "Date", "Vary", "Set-Cookie", "Set-Cookie", "Content-Length",
            ])
        #expect(failed.status == 412 && failed["Content-Length"] == "0")
    }

    @Test func answersHeadLikeGet() throws {
        let server = try offline { _, response in
            response.send("body", etag: "v1", lastModified: modified)
        }
        let whole = server.answer(get("/", method: "HEAD"))
        #expect(whole.status == 200 && whole["Content-Length"] == "4" && whole.body.isEmpty)
        #expect(whole["ETag"] == "\"v1\"" && whole["Last-Modified"] == modifiedText)
        #expect(
            server.answer(get("/", method: "HEAD", fields: "If-None-Match: \"v1\"")).status == 304)
        #expect(server.answer(get("/", method: "HEAD", fields: "If-Match: \"v2\"")).status == 412)
    }

    @Test(arguments: [200, 201, 203, 299])
    func appliesConditionsToSuccess(code: Int) throws {
        let server = try offline { _, response in
            response.send("body", etag: "v1", status: Status(code: code)!)
        }
        #expect(server.answer(get("/")).status == code)
        #expect(server.answer(get("/", fields: "If-None-Match: *")).status == 304)
    }

    @Test(arguments: [301, 400, 404, 500])
    func appliesNoConditionsElsewhere(code: Int) throws {
        let server = try offline { request, response in
            if request.path == "/property" {
                response.status = Status(code: code)!
                response.send("body", etag: "v1")
            } else {
                response.send("body", etag: "v1", status: Status(code: code)!)
            }
        }
        for path in ["/property", "/argument"] {
            for field in ["If-None-Match: \"v1\"", "If-Match: \"v2\"", "If-None-Match: *"] {
                let answer = server.answer(get(path, fields: field))
                #expect(answer.status == code && answer.text == "body", "\(path) \(field)")
                #expect(answer["ETag"] == "\"v1\"")
            }
        }
    }

    @Test func declinesByHand() throws {
        let server = try offline { request, response in
            response.headers.add(.cacheControl, "no-cache")
            response.headers.add(.contentLanguage, "en")
            switch request.path {
            case "/tag": response.sendNotModified(etag: ETag(version: 7, isWeak: true))
            case "/date": response.sendNotModified(etag: nil, lastModified: modified)
            case "/both": response.sendNotModified(etag: "a", lastModified: modified)
            default: response.sendPreconditionFailed()
            }
        }
        let tag = server.answer(get("/tag"))
        #expect(tag.status == 304 && tag["ETag"] == "W/\"7\"" && tag["Content-Language"] == nil)
        #expect(tag["Cache-Control"] == "no-cache" && tag["Content-Length"] == nil)
        let date = server.answer(get("/date"))
        #expect(date.status == 304 && date["ETag"] == nil && date["Last-Modified"] == modifiedText)
        let both = server.answer(get("/both"))
        #expect(both.status == 304 && both["ETag"] == "\"a\"" && both["Last-Modified"] == nil)
        let failed = server.answer(get("/failed"))
        #expect(failed.status == 412 && failed["Cache-Control"] == nil && failed.body.isEmpty)
    }

    @Test func tellsTheStatusThatItSent() throws {
        let statuses = Recorder<Int>()
        let server = try offline { request, response in
            response.send("body", etag: "v1")
            statuses.record(Int(response.status.code))
        }
        _ = server.answer(get("/"))
        _ = server.answer(get("/", fields: "If-None-Match: *"))
        _ = server.answer(get("/", fields: "If-Match: \"v2\""))
        #expect(statuses.values == [200, 304, 412])
    }

    @Test func offersBeforeTheBodyIsMade() throws {
        let made = Recorder<String>()
        let server = try offline { request, response in
            if response.sendNotModified(ifMatching: ETag(version: 3), lastModified: modified) {
                return
            }
            made.record("body")
            response.stream(contentType: .text) { body in
                try body.write("streamed")
                return .done
            }
        }
        let whole = server.answer(get("/"))
        #expect(whole.status == 200 && whole["ETag"] == "\"3\"")
        #expect(String(decoding: whole.joinedChunks, as: UTF8.self) == "streamed")
        let known = server.answer(get("/", fields: "If-None-Match: W/\"3\""))
        #expect(known.status == 304 && known["Transfer-Encoding"] == nil && known.body.isEmpty)
        #expect(made.values.count == 1)
    }

    @Test func sendsNoDateOfTheFuture() throws {
        let server = try offline { _, response in
            response.send("body", etag: nil, lastModified: HTTPDate(secondsSince1970: .max))
        }
        let answer = server.answer(get("/"))
        #expect(answer["Last-Modified"] == answer["Date"])
    }

    @Test func refusesASecondAnswer() throws {
        let log = Recorder<String>()
        let server = try offline(log: log) { request, response in
            response.send("first")
            response.send("second", etag: "v1")
            response.sendNotModified(etag: "v1")
            response.sendPreconditionFailed()
        }
        let answer = server.answer(get("/", fields: "If-None-Match: *"))
        #expect(answer.status == 200 && answer.text == "first")
        #expect(log.values.filter { $0.contains("answered before") }.count == 3)
    }

    @Test func dropsValidatorsThatDoNotFit() throws {
        let log = Recorder<String>()
        let server = try offline(log: log) { _, response in
            // Up to the limit of 64 KiB, less 20 bytes.
            let size =
                64 * 1024 - "HTTP/1.1 200 OK\r\nDate: \(modifiedText)\r\nX-A: \r\n".utf8.count
            try response.headers.add("X-A", String(repeating: "x", count: size - 20))
            response.send("body", etag: ETag(hashing: "body"))
        }
        let answer = server.answer(get("/"))
        #expect(answer.status == 200 && answer.text == "body" && answer["ETag"] == nil)
        #expect(log.values.count == 1 && log.values.allSatisfy { $0.contains("64 KiB") })
    }

    /// The head of a request that is answered later is kept where it has conditions.
    @Test(arguments: backends)
    func knowsTheConditionsInALateAnswer(backend: Server.Backend) throws {
        let deliverBody: @Sendable (Request) -> Request.BodyDelivery = { request in
            request.path == "/received" ? .streamed : .whole
        }
        let server = try Server(configuration: local(backend), bodyDelivery: deliverBody) {
            request, response in
            switch request.path {
            case "/received":
                response.receiveBody { piece, response in
                    if piece.isLast { response.send("received", etag: "v1") }
                    return .more
                }
            default:
                let exchange = response.sendLater()
                onAnotherThread {
                    exchange.finish { response in response.send("late", etag: "v1") }
                }
            }
        }
        let known = "If-None-Match: \"x\", \"v1\""
        let answers = try server.answers([
            get("/late"), get("/late", fields: known), get("/late", fields: "If-Match: \"v2\""),
            get("/late"), get("/late", method: "PUT", fields: "If-Match: \"v2\""),
            // With a body, which comes in pieces where it is streamed.
            "GET /received HTTP/1.1\r\nHost: a\r\n\(known)\r\nContent-Length: 5\r\n\r\nhello",
            "GET /late HTTP/1.1\r\nHost: a\r\n\(known)\r\nContent-Length: 5\r\n\r\nhello",
            "GET /received HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
            get("/late", fields: known),
        ])
        #expect(answers.map(\.status) == [200, 304, 412, 200, 200, 304, 304, 200, 304])
        #expect(answers[7].text == "received" && answers[4].text == "late")
    }

    @Test func answersTheSeedsCommand() throws {
        let server = try offline { _, response in
            response.send("1", etag: "c4ca4238a0b923820dcc509a6f75849b")
        }
        let field = "If-None-Match: c4ca4238a0b923820dcc509a6f75849b"
        #expect(server.answer(get("/user/1", fields: field)).status == 304)
        #expect(server.answer(get("/user/1", fields: String(field.dropLast()))).status == 200)
    }
}
