// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaJSON
import VanillaTestSupport

@Suite struct RequestJSONTests {
    private struct Order: Codable {
        let article: String
        let count: Int
        let price: Double?
        let isGift: Bool?
        let parts: [Part]?
        let notes: [String: Int]?
        let kind: Kind?
        let small: UInt8?
        let date: Date?

        struct Part: Codable {
            let name: String
        }

        enum Kind: String, Codable {
            case book, disc
        }
    }

    private static let type = "Content-Type: application/json"

    /// Answers with the article.
    private func makeServer(log: Recorder<String>? = nil) throws -> Server {
        try offline(log: log) { request, response in
            response.send(try request.decode(Order.self).article)
        }
    }

    @Test func decodesTheBody() throws {
        let answer = try makeServer().answer(
            post(
                "/",
                #"{"article":"\u0061 tea😀","count":2,"price":1.5,"isGift":true,"parts":[{"name":"x"}],"notes":{"a":1},"kind":"book","small":255,"date":0,"unknown":[{}]}"#,
                fields: RequestJSONTests.type))
        #expect(answer.status == 200 && answer.text == "a tea😀")
    }

    @Test func decodesWhatIsNoObject() throws {
        let server = try offline { request, response in
            response.send("\(try request.decode([Int].self, maximumNesting: 1))")
        }
        #expect(server.answer(post("/", " [1, 2]", fields: RequestJSONTests.type)).text == "[1, 2]")
        let scalar = try offline { request, response in
            let number: Int = try request.decode(maximumNesting: 0)
            response.send("\(number)")
        }
        #expect(scalar.answer(post("/", "7", fields: RequestJSONTests.type)).text == "7")
    }

    @Test(arguments: [
        ("application/json", 200), ("Application/JSON", 200),
        ("application/json; charset=utf-8", 200),
        ("application/problem+json", 200), ("application/vnd.api+JSON ;v=1", 200),
        ("a/b+json", 200),
        ("text/plain", 415), ("", 415), ("application/jsonx", 415), ("application/xjson", 415),
        ("application/+json", 415), ("+json", 415), ("/b+json", 415),
        ("application/json, a/b", 415),
        ("application/x-www-form-urlencoded", 415), ("text/json", 415),
        ("application/b+json+xml", 415),
    ])
    func asksForTheTypeOfJSON(type: String, status: Int) throws {
        let answer = try makeServer().answer(
            post("/", #"{"article":"a","count":1}"#, fields: "Content-Type: \(type)"))
        #expect(answer.status == status)
        if status == 415 { #expect(answer.text == "The body must be application/json.") }
    }

    @Test func asksForOneType() throws {
        let body = #"{"article":"a","count":1}"#
        let server = try makeServer()
        #expect(server.answer(post("/", body)).status == 415)
        let twice = post("/", body, fields: RequestJSONTests.type, RequestJSONTests.type)
        #expect(server.answer(twice).status == 415)
    }

    @Test(arguments: [
        ("", "The body is empty, and so no JSON."),
        ("{", "The body is no JSON: it ends too early."),
        ("<script>", "The body is no JSON from byte 0 on, counted from zero."),
        (#"{"article":"a","count":1,}"#, "The body is no JSON from byte 25 on, counted from zero."),
        // Of members that nobody asks for, too.
        (
            #"{"article":"a","count":1,"x":01}"#,
            "The body is no JSON from byte 30 on, counted from zero."
        ),
        (
            #"{"article":"a","count":1}{}"#,
            "The body is no JSON from byte 25 on, counted from zero."
        ),
    ])
    func refusesWhatIsNoJSON(body: String, message: String) throws {
        let log = Recorder<String>()
        let answer = try makeServer(log: log).answer(post("/", body, fields: RequestJSONTests.type))
        #expect(answer.status == 400 && answer.text == message)
        #expect(answer["Content-Type"] == "text/plain; charset=utf-8")
        #expect(log.values.isEmpty)
    }

    @Test(arguments: [
        ("[]", "The body must be an object."), ("7", "The body must be an object."),
        ("{}", "article is missing."), (#"{"article":"a"}"#, "count is missing."),
        (#"{"article":1,"count":1}"#, "article must be a string."),
        (#"{"article":null,"count":1}"#, "article must not be null."),
        (#"{"article":"a","count":"<b>"}"#, "count must be a whole number."),
        (#"{"article":"a","count":1,"price":"x"}"#, "price must be a number."),
        (#"{"article":"a","count":1,"isGift":1}"#, "isGift must be true or false."),
        (#"{"article":"a","count":1,"parts":{}}"#, "parts must be an array."),
        (
            #"{"article":"a","count":1,"parts":[{"name":"x"},{"name":1}]}"#,
            "parts[1].name must be a string."
        ),
        (#"{"article":"a","count":1,"parts":[{}]}"#, "parts[0].name is missing."),
        (#"{"article":"a","count":1,"kind":"<b>"}"#, "kind has a value that is not allowed."),
        (#"{"article":"a","count":1,"date":"x"}"#, "date must be a number."),
        // The client's own keys are not repeated as they are.
        (
            #"{"article":"a","count":1,"notes":{"<b>\u0000ä":"x"}}"#,
            "notes.?b???? must be a whole number."
        ),
    ])
    func saysWhereTheTypeIsAnother(body: String, message: String) throws {
        let log = Recorder<String>()
        let answer = try makeServer(log: log).answer(post("/", body, fields: RequestJSONTests.type))
        #expect(answer.status == 422)
        #expect(answer.text == message)
        #expect(log.values.isEmpty)
    }

    private struct Numbers: Decodable {
        let int8: Int8?
        let int: Int?
        let unsigned: UInt64?
        let huge: Int128?
        let float: Float?
        let double: Double?
        let decimal: Decimal?
        let list: [UInt8]?
        let byName: [String: Int16]?
        let bytes: Data?
        let link: URL?
    }

    /// The place, and what is allowed there.
    @Test(arguments: [
        (#""int8":128"#, "int8 must be a whole number from -128 to 127."),
        (#""int8":-129"#, "int8 must be a whole number from -128 to 127."),
        (#""int":1.5"#, "int must be a whole number."),
        (#""int":1e-400"#, "int must be a whole number."),
        (#""int":999999999999.99999"#, "int must be a whole number."),
        (#""int":0.99999999999999999999999"#, "int must be a whole number."),
        (
            #""int":9223372036854775808"#,
            "int must be a whole number from -9223372036854775808 to 9223372036854775807."
        ),
        (
            #""int":1e400"#,
            "int must be a whole number from -9223372036854775808 to 9223372036854775807."
        ),
        (
            #""int":1e99999999999999999999"#,
            "int must be a whole number from -9223372036854775808 to 9223372036854775807."
        ),
        (#""unsigned":-1"#, "unsigned must be a whole number from 0 to 18446744073709551615."),
        (
            #""double":1e400"#,
            "double must be a number from -1.7976931348623157e+308 to 1.7976931348623157e+308."
        ),
        (
            #""double":-1e309"#,
            "double must be a number from -1.7976931348623157e+308 to 1.7976931348623157e+308."
        ),
        (#""float":1e39"#, "float must be a number from -3.4028235e+38 to 3.4028235e+38."),
        (#""decimal":1e400"#, "decimal must be a number of 38 digits."),
        (#""list":[1,256]"#, "list[1] must be a whole number from 0 to 255."),
        (#""byName":{"a":1,"b":32768}"#, "byName.b must be a whole number from -32768 to 32767."),
        (#""bytes":"?""#, "bytes must be Base64."),
        (#""link":"""#, "link must be a URL."),
    ])
    func saysWhatIsAllowed(member: String, message: String) throws {
        let server = try offline { request, response in
            _ = try request.decode(Numbers.self)
            response.send("")
        }
        let answer = server.answer(post("/", "{\(member)}", fields: RequestJSONTests.type))
        #expect(answer.status == 422)
        #expect(answer.text == message)
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("0e5", 0), ("0.000", 0), ("100.0", 100), ("1e2", 100), ("1E+2", 100),
        ("1.5e1", 15), ("-12.50e1", -125), ("1000e-3", 1), ("10.00e-1", 1),
        ("0e99999999999999999999", 0), ("9223372036854775807", Int.max),
        ("9223372036854775807.000", Int.max), ("922337203685477580.7e1", Int.max),
        ("-9223372036854775808", Int.min), ("-9.223372036854775808e18", Int.min),
    ])
    func takesWholeNumbersHoweverTheyAreWritten(text: String, number: Int) throws {
        #expect(try Bytes(Array(text.utf8).span).decodeJSON(Int.self) == number)
    }

    @Test func takesTheLargestNumbers() throws {
        let body = #"""
            {"int8":-128,"int":9007199254740993,"unsigned":18446744073709551615,
            "huge":-170141183460469231731687303715884105728,"float":3.4028234e38,
            "double":1.7976931348623157e308,"decimal":0.1,"list":[0,255],"byName":{},
            "bytes":"aGk=","link":"https://a/b"}
            """#
        let numbers = try Bytes(Array(body.utf8).span).decodeJSON(Numbers.self)
        #expect(numbers.int8 == -128 && numbers.int == 9_007_199_254_740_993)
        #expect(numbers.unsigned == .max && numbers.huge == .min)
        #expect(numbers.float == 3.4028234e38 && numbers.double == .greatestFiniteMagnitude)
        #expect(numbers.decimal == Decimal(string: "0.1") && numbers.list == [0, 255])
        #expect(numbers.bytes == Data("hi".utf8) && numbers.link == URL(string: "https://a/b"))
        #expect(try Bytes(Array("1e-400".utf8).span).decodeJSON(Double.self) == 0)
    }

    /// A place is told in 200 bytes.
    @Test(arguments: [
        (194, "notes.\(String(repeating: "k", count: 194))"),
        (195, "notes.\(String(repeating: "k", count: 194))..."),
    ])
    func shortensALongPlace(count: Int, place: String) throws {
        let key = String(repeating: "k", count: count)
        let body = #"{"article":"a","count":1,"notes":{"\#(key)":"x"}}"#
        let answer = try makeServer().answer(post("/", body, fields: RequestJSONTests.type))
        #expect(answer.text == "\(place) must be a whole number.")
    }

    /// A type may check its values itself.
    private struct Checked: Decodable {
        init(from decoder: any Decoder) throws {
            switch try decoder.singleValueContainer().decode(String.self) {
            case "conflict": throw RequestError(.conflict, "There is one already.")
            case "other": throw Failure()
            default: break
            }
        }

        struct Failure: Error {}
    }

    @Test(arguments: [
        ("conflict", 409, "There is one already."),
        ("other", 422, "The body has a value that is not allowed."), ("fine", 200, ""),
    ])
    func letsATypeRefuse(value: String, status: Int, message: String) throws {
        let server = try offline { request, response in
            _ = try request.decode(Checked.self)
            response.send("")
        }
        let answer = server.answer(post("/", "\"\(value)\"", fields: RequestJSONTests.type))
        #expect(answer.status == status && answer.text == message)
    }

    private enum Colour: String, Decodable, CaseIterable { case red, green }
    private enum Level: Int, Decodable, CaseIterable {
        case low = 1
        case high
    }
    private enum Letter: String, Decodable, CaseIterable {
        case a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u
    }
    private enum Secret: String, Decodable { case open }

    private struct Told: Decodable {
        let colour: Colour?
        let colours: [Colour]?
        let level: Level?
        let letter: Letter?
        let secret: Secret?
        let id: UUID?
        let ids: [String: UUID]?
        let at: Date?
        let checked: [Checked]?
        let byName: [String: Checked]?
        let link: URL?
        let range: Range<Int>?
        let set: Set<Int8>?
    }

    /// Whatever throws knows what is refused, or at least where.
    @Test(arguments: [
        (#""colour":"blue""#, #"colour must be one of "red", "green"."#),
        (#""colours":["red","?"]"#, #"colours[1] must be one of "red", "green"."#),
        (#""colour":1"#, "colour must be a string."),
        (#""level":3"#, "level must be one of 1, 2."),
        (#""secret":"x""#, "secret has a value that is not allowed."),
        (#""id":"x""#, "id must be a UUID."), (#""id":1"#, "id must be a string."),
        (#""ids":{"a":"x"}"#, "ids.a must be a UUID."),
        (#""at":"x""#, "at must be a date and a time such as 2026-01-31T12:00:00Z."),
        (#""at":1"#, "at must be a string."),
        (#""checked":["fine","other"]"#, "checked[1] has a value that is not allowed."),
        (#""byName":{"a":"fine","b":"other"}"#, "byName.b has a value that is not allowed."),
        (#""link":1"#, "link must be a string."),
        (#""range":[2,1]"#, "range has a value that is not allowed."),
        (#""range":[2]"#, "range[1] must not be null."),
        (#""set":[1,128]"#, "set[1] must be a whole number from -128 to 127."),
    ])
    func saysWhereAndWhatForEveryKindOfValue(member: String, message: String) throws {
        let server = try offline { request, response in
            let decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .iso8601
            _ = try request.decode(Told.self, with: decoder)
            response.send("")
        }
        let answer = server.answer(post("/", "{\(member)}", fields: RequestJSONTests.type))
        #expect(answer.status == 422)
        #expect(answer.text == message)
    }

    @Test func tellsTwentyCasesOfMany() throws {
        let server = try offline { request, response in
            _ = try request.decode(Told.self)
            response.send("")
        }
        let answer = server.answer(
            post("/", #"{"letter":"z"}"#, fields: RequestJSONTests.type))
        #expect(answer.text.hasPrefix(#"letter must be one of "a", "b", "#))
        #expect(answer.text.hasSuffix(#""t" and others."#))
    }

    /// A type that goes on after a refusal is told where it fails in the end.
    @Test func saysWhereTheLastRefusalWas() throws {
        struct Patient: Decodable {
            let last: Checked

            enum Keys: String, CodingKey { case first, last }

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: Keys.self)
                _ = try? container.decode(Checked.self, forKey: .first)
                last = try container.decode(Checked.self, forKey: .last)
            }
        }
        let server = try offline { request, response in
            _ = try request.decode(Patient.self)
            response.send("")
        }
        for body in [#"{"first":"other","last":"other"}"#, #"{"last":"other","first":"other"}"#] {
            let answer = server.answer(post("/", body, fields: RequestJSONTests.type))
            #expect(answer.text == "last has a value that is not allowed.")
        }
    }

    @Test func tellsAHandlerTheCause() throws {
        let server = try offline { request, response in
            do throws(RequestError) {
                _ = try request.decode([Int].self)
            } catch {
                response.send("\(error.status) \(error.cause is DecodingError)")
            }
        }
        #expect(server.answer(post("/", "{}", fields: RequestJSONTests.type)).text == "422 true")
        #expect(server.answer(post("/", "{", fields: RequestJSONTests.type)).text == "400 false")
    }

    @Test func decodesWithOptionsOfTheUser() throws {
        let server = try offline { request, response in
            let decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .iso8601
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let order = try request.decode([String: Date].self, with: decoder)
            response.send("\(Int(order["dueDate"]?.timeIntervalSince1970 ?? 0))")
        }
        let body = #"{"dueDate":"2001-01-01T00:00:00Z"}"#
        let answer = server.answer(post("/", body, fields: RequestJSONTests.type))
        #expect(answer.text == "978307200")
    }

    /// What the bytes are is not to be guessed from what they would have been.
    @Test(arguments: [("gzip", 415), ("GZIP, br", 415), ("Identity", 200), ("", 200)])
    func takesNoCompressedBody(coding: String, status: Int) throws {
        let answer = try makeServer().answer(
            post(
                "/", #"{"article":"a","count":1}"#, fields: RequestJSONTests.type,
                "Content-Encoding: \(coding)"))
        #expect(answer.status == status)
        if status == 415 { #expect(answer.text == "The body must have no Content-Encoding.") }
    }

    // MARK: - Bounds

    @Test(arguments: [(nil, 1 << 20, 200), (nil, 1 << 20 + 1, 413), (4, 4, 200), (4, 5, 413)])
    func stopsAtTheSizeLimit(maximum: Int?, count: Int, status: Int) throws {
        let server = try offline { request, response in
            if let maximum {
                _ = try request.decode(String.self, maximumCount: maximum)
            } else {
                _ = try request.decode(String.self)
            }
            response.send("")
        }
        let body = "\"\(String(repeating: "a", count: count - 2))\""
        let answer = server.answer(post("/", body, fields: RequestJSONTests.type))
        #expect(answer.status == status)
        if status == 413 {
            #expect(answer.text == "The body has more than \(maximum ?? 1_048_576) bytes.")
        }
    }

    @Test(arguments: [(32, 200), (33, 400)])
    func stopsAtTheNestingLimit(depth: Int, status: Int) throws {
        let server = try offline { request, response in
            _ = try request.decode(Tree.self)
            response.send("")
        }
        let body = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let answer = server.answer(post("/", body, fields: RequestJSONTests.type))
        #expect(answer.status == status)
        if status == 400 {
            #expect(answer.text == "The body is nested deeper than 32 arrays and objects.")
        }
    }

    /// A type that contains itself, as deep as can be asked for, on the stack of a worker.
    @Test(arguments: backends)
    func decodesTheDeepestTypeOnAWorker(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { request, response in
            if request.path == "/tree" {
                _ = try request.decode(Tree.self, maximumNesting: .max)
            } else {
                _ = try request.decode(Chain.self, maximumNesting: .max)
            }
            response.send("")
        }
        var requests: [String] = []
        for depth in [500, 501] {
            let tree = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            let chain =
                String(repeating: #"{"next":"#, count: depth) + "null"
                + String(repeating: "}", count: depth)
            requests.append(post("/tree", tree, fields: RequestJSONTests.type))
            requests.append(post("/chain", chain, fields: RequestJSONTests.type))
        }
        #expect(try server.answers(requests).map(\.status) == [200, 200, 400, 400])
    }

    private struct Tree: Decodable {
        init(from decoder: any Decoder) throws {
            var children = try decoder.unkeyedContainer()
            while !children.isAtEnd { _ = try children.decode(Tree.self) }
        }
    }

    private final class Chain: Decodable {
        let next: Chain?
    }

    /// As large as a body may be, and as hostile.
    @Test(arguments: ["[", "{\"a\":", "\"", "[0,", "1", "[\"\\u0041\","])
    func standsTheLargestBodies(repeated: String) throws {
        let server = try offline { request, response in
            _ = try request.decode(Tree.self, maximumCount: .max)
            response.send("")
        }
        let body = String(repeating: repeated, count: (8 << 20) / repeated.utf8.count)
        let answer = server.answer(post("/", body, fields: RequestJSONTests.type))
        #expect(answer.status == (repeated == "1" ? 422 : 400))
    }

    @Test func decodesALargeBody() throws {
        let server = try offline { request, response in
            response.send("\(try request.decode([Int].self).count)")
        }
        let body = "[" + Array(repeating: "1", count: 200_000).joined(separator: ",") + "]"
        #expect(server.answer(post("/", body, fields: RequestJSONTests.type)).text == "200000")
    }

    @Test func decodesThePiecesThatAReceiverCollected() throws {
        let streamed: @Sendable (Request) -> Request.BodyDelivery = { _ in .streamed }
        let server = try offline(bodyDelivery: streamed) { _, response in
            var body: [UInt8] = []
            response.receiveBody { piece, response in
                body += Array(piece.bytes)
                if piece.isLast {
                    response.send("\(try Bytes(body.span).decodeJSON([Int].self))")
                }
                return .more
            }
        }
        #expect(server.answer(post("/", "[1,2]")).text == "[1, 2]")
        let refused = server.answer(post("/", "[1,"))
        #expect(refused.status == 400 && refused.text == "The body is no JSON: it ends too early.")
    }
}
