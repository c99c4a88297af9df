// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct HeadersTests {
    private let raw = get("/", fields: "X-A: 1", "x-a:2 ", "Accept: \ttext/html", "Empty:")

    @Test func findsTheFirstValueInAnyCase() throws {
        let server = try offline { request, response in
            func text(_ value: String?) -> String { value.map { "[\($0)]" } ?? "-" }
            func text(_ value: Bytes?) -> String { text(value.map { String($0) }) }
            let headers = request.headers
            response.send(
                [
                    text(headers["X-A"]), text(headers["x-A"]), text(headers[.accept]),
                    text(headers["EMPTY"]), text(headers["Missing"]),
                    text(headers["not a token"]), text(headers[""]), text(headers[.host]),
                    text(headers["X-A", as: Bytes.self]), text(headers[.accept, as: Bytes.self]),
                    text(headers["Missing", as: Bytes.self]),
                ].joined())
        }
        #expect(server.answer(raw).text == "[1][1][text/html][]---[a][1][text/html]-")
    }

    @Test(arguments: [("7", "7 text"), ("-7", "-7 text"), ("+7", "nil text"), ("", "nil text")])
    func readsNumbers(value: String, expected: String) throws {
        let server = try offline { request, response in
            let number = request.headers["X-N", as: Int.self].map { "\($0)" } ?? "nil"
            expect(request.headers[.accept, as: Int.self] == nil)
            response.send("\(number) \(request.headers["X-T"] ?? "none")")
        }
        #expect(server.answer(get("/", fields: "X-N: \(value)", "X-T: text")).text == expected)
    }

    /// A value is any bytes but controls: what is no UTF-8 does no harm as text.
    @Test func makesTextOfAnyBytes() throws {
        let server = try offline { request, response in
            response.send("\(request.headers["X-A"] ?? "none")")
        }
        let raw = Array("GET / HTTP/1.1\r\nHost: a\r\nX-A: \u{E4}".utf8) + [0xFF]
        let answer = Answer(server.handle(raw + Array("\r\n\r\n".utf8)))
        #expect(answer.text == "\u{E4}\u{FFFD}")
    }

    @Test func goesThroughAllLinesInOrder() throws {
        let server = try offline { request, response in
            var seen: [String] = []
            request.headers.forEach { field in
                seen.append("\(String(field.name))=\(String(field.value))")
            }
            response.send("\(request.headers.count) " + seen.joined(separator: ","))
        }
        #expect(server.answer(raw).text == "5 Host=a,X-A=1,x-a=2,Accept=text/html,Empty=")
    }

    @Test func goesThroughTheLinesOfOneName() throws {
        let server = try offline { request, response in
            var seen: [String] = []
            request.headers.forEach("x-a") { value in seen.append(String(value)) }
            response.send(seen.joined(separator: ","))
        }
        #expect(server.answer(raw).text == "1,2")
    }
}
