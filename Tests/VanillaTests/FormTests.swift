// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct FormTests {
    private static let type = "Content-Type: application/x-www-form-urlencoded"

    /// Tells every item, decoded.
    private static func tell(_ request: Request, _ response: inout ResponseWriter) throws {
        var told: [String] = []
        var items = try request.form()
        while let item = items.next() { told.append("\(item.decodedName):\(item.decodedValue)") }
        response.send(told.joined(separator: ","))
    }

    @Test(arguments: [
        ("", ""), ("a=1", "a:1"), ("a=1&a=2&b=x+y%26", "a:1,a:2,b:x y&"), ("=&=1&a", ":,:1,a:"),
        ("&&&", ""), ("a=%zz", "a:%zz"), ("a\r\n=b\0", "a\r\n:b\0"),
    ])
    func readsAForm(body: String, expected: String) throws {
        let server = try offline(FormTests.tell)
        let answer = server.answer(post("/", body, fields: FormTests.type))
        #expect(answer.status == 200 && answer.text == expected)
    }

    @Test(arguments: [
        ("application/x-www-form-urlencoded", 200),
        ("Application/X-WWW-Form-UrlEncoded", 200),
        ("application/x-www-form-urlencoded; charset=utf-8", 200),
        ("application/x-www-form-urlencoded\t ;x", 200),
        ("application/x-www-form-urlencoded, text/plain", 415),
        ("application/x-www-form-urlencode", 415), ("application/x-www-form-urlencodedx", 415),
        ("multipart/form-data; boundary=x", 415), ("", 415), (";", 415), ("text/plain", 415),
    ])
    func asksForTheTypeOfForms(type: String, status: Int) throws {
        let log = Recorder<String>()
        let server = try offline(log: log, FormTests.tell)
        let answer = server.answer(post("/", "a=1", fields: "Content-Type: \(type)"))
        #expect(answer.status == status)
        if status == 415 {
            #expect(answer.text == "The body must be application/x-www-form-urlencoded.")
            #expect(answer["Content-Type"] == "text/plain; charset=utf-8")
        }
        #expect(log.values.isEmpty)
    }

    @Test func asksForOneType() throws {
        let server = try offline(FormTests.tell)
        #expect(server.answer(post("/", "a=1")).status == 415)
        #expect(
            server.answer(post("/", "a=1", fields: FormTests.type, FormTests.type)).status == 415)
    }

    @Test(arguments: [("gzip", 415), ("identity", 200)])
    func takesNoCompressedForm(coding: String, status: Int) throws {
        let server = try offline(FormTests.tell)
        let answer = server.answer(
            post("/", "a=1", fields: FormTests.type, "Content-Encoding: \(coding)"))
        #expect(answer.status == status)
    }

    @Test(arguments: [(1000, 200), (1001, 413)])
    func refusesMoreItemsThanTheLimit(count: Int, status: Int) throws {
        let server = try offline(FormTests.tell)
        let body = repeatElement("a=1", count: count).joined(separator: "&")
        #expect(server.answer(post("/", body, fields: FormTests.type)).status == status)
        let empty = String(repeating: "&", count: count)
        #expect(server.answer(post("/", empty, fields: FormTests.type)).status == status)
    }

    @Test(arguments: [
        ("a&b", 200), ("a&b&", 200), ("&b", 200), ("a&b&c", 413), ("a&&b", 413), ("&&", 200),
        ("&&&", 413),
    ])
    func refusesMoreItemsThanAskedFor(body: String, status: Int) throws {
        let server = try offline { request, response in
            let form = try request.form(maximumCount: 2)
            response.send("\(form.first(named: "b")?.decodedName ?? "")")
        }
        let answer = server.answer(post("/", body, fields: FormTests.type))
        #expect(answer.status == status)
        if status == 413 { #expect(answer.text == "The form has more than 2 items.") }
    }

    @Test func letsAHandlerAnswerItself() throws {
        let server = try offline { request, response in
            do throws(RequestError) {
                _ = try request.form()
                response.send("a form")
            } catch {
                response.send("no form: \(error.status)", status: .notAcceptable)
            }
        }
        let answer = server.answer(post("/", "a=1"))
        #expect(answer.status == 406 && answer.text == "no form: 415")
    }

    @Test func readsThePiecesThatAReceiverCollected() throws {
        let streamed: @Sendable (Request) -> Request.BodyDelivery = { _ in .streamed }
        let server = try offline(bodyDelivery: streamed) { _, response in
            var body: [UInt8] = []
            response.receiveBody { piece, response in
                body += Array(piece.bytes)
                guard piece.isLast else { return .more }
                let items = Request.QueryItems(Bytes(body.span))
                response.send(items["b"] ?? "-")
                return .more
            }
        }
        #expect(server.answer(post("/", "a=1&b=2+3")).text == "2 3")
    }

    @Test(arguments: backends)
    func readsLargeFormsOverSockets(backend: Server.Backend) throws {
        let server = try Server(
            configuration: local(backend),
            handler: { request, response in
                let form = try request.form()
                response.send("\(form["last", as: Bytes.self]?.count ?? -1)")
            })
        let body =
            "first=\(String(repeating: "%41", count: 300_000))&last=\(String(repeating: "x", count: 700_000))"
        let answers = try server.answers([
            post("/", body, fields: FormTests.type), post("/", "last=1", fields: FormTests.type),
            post("/", body), post("/", "last=", fields: FormTests.type),
        ])
        #expect(answers.map(\.status) == [200, 200, 415, 200])
        #expect(answers[0].text == "700000" && answers[1].text == "1" && answers[3].text == "0")
    }
}
