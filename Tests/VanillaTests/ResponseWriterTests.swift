// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

@Suite struct ResponseWriterTests {
    @Test func sendsEveryKindOfBody() throws {
        let shared = SharedBytes("shared")
        let server = try offline { request, response in
            switch request.path {
            case "/static": response.send("static")
            case "/string": response.send("str" + "ing")
            case "/substring": response.send("a substring".dropFirst(2))
            case "/array": response.send(Array("array".utf8))
            case "/span":
                let bytes = Array("span".utf8)
                response.send(bytes.span)
            case "/bytes": response.send(request.path.dropFirst())
            case "/shared": response.send(shared)
            default: response.send(status: .notFound)
            }
        }
        let text = "text/plain; charset=utf-8"
        let bytes = "application/octet-stream"
        for (name, type) in [
            ("static", text), ("string", text), ("substring", text), ("array", bytes),
            ("span", bytes),
            ("bytes", bytes), ("shared", bytes),
        ] {
            let answer = server.answer(get("/" + name))
            #expect(answer.status == 200 && answer.text == name, "\(name)")
            #expect(
                answer["Content-Type"] == type && answer["Content-Length"] == "\(name.utf8.count)",
                "\(name)")
            #expect(answer["Date"] != nil)

            let head = server.answer(get("/" + name, method: "HEAD"))
            #expect(head.body.isEmpty && head["Content-Length"] == "\(name.utf8.count)", "\(name)")
            #expect(head["Content-Type"] == type, "\(name)")
        }
    }

    @Test(arguments: [0, 1, 15, 16, 2047, 2048, 2049, 8192, 8193, 100_000, 2_000_000])
    func sendsBodiesOfAnySize(count: Int) throws {
        let body = String(repeating: "x", count: count)
        let shared = SharedBytes(body)
        let server = try offline { request, response in
            if request.path == "/shared" { response.send(shared) } else { response.send(body) }
        }
        #expect(server.answer(get("/")).body.count == count)
        #expect(server.answer(get("/shared")).body == Array(body.utf8))
    }

    @Test func sendsALongLiteralFromWhereItIs() throws {
        let server = try offline { _, response in response.send(longText) }
        let answer = server.answer(get("/"))
        #expect(answer.text == longText.description)
        #expect(
            answer["Content-Length"] == "\(longText.utf8CodeUnitCount)"
                && longText.utf8CodeUnitCount > 2048)
    }

    @Test func setsTheStatus() throws {
        let server = try offline { request, response in
            switch request.path {
            case "/property":
                response.status = .created
                response.send("a")
            case "/argument":
                response.status = .created
                response.send("a", status: .accepted)
            case "/after":
                response.headers.add(.vary, "a")
                response.status = .created
                response.send(status: .badGateway)
            default: response.send("a", status: Status(code: 799)!)
            }
        }
        #expect(server.answer(get("/property")).status == 201)
        #expect(server.answer(get("/argument")).status == 202)
        #expect(server.answer(get("/after")).status == 502)
        #expect(server.answer(get("/after"))["Vary"] == "a")
        #expect(server.answer(get("/")).status == 799)
    }

    @Test(arguments: [(204, false), (205, false), (304, false), (200, true), (404, true)])
    func sendsNoBodyWhereTheStatusHasNone(code: Int, hasBody: Bool) throws {
        let server = try offline { _, response in response.send("body", status: Status(code: code)!)
        }
        let answer = server.answer(get("/"))
        #expect(answer.status == code && answer.body.isEmpty != hasBody)
        #expect(answer["Content-Length"] == (hasBody ? "4" : code == 205 ? "0" : nil))
    }

    /// RFC 9110, section 15.3.6: it has no content, and says so as any other response does.
    @Test(arguments: ["GET", "HEAD"])
    func framesAResetAsEmpty(method: String) throws {
        let server = try offline { request, response in
            response.status = .resetContent
            switch request.path {
            case "/text": response.send("text")
            case "/large": response.send(String(repeating: "x", count: 100_000))
            case "/stream":
                response.stream { body in
                    try body.write("text")
                    return .done
                }
            default: response.send(status: .resetContent)
            }
        }
        for path in ["/", "/text", "/large", "/stream"] {
            let answers = try server.answers([
                get(path, method: method), get("/", method: method),
            ])
            #expect(answers.map(\.status) == [205, 205])
            #expect(answers.allSatisfy { $0["Content-Length"] == "0" && $0.body.isEmpty })
            #expect(answers.allSatisfy { $0["Transfer-Encoding"] == nil })
        }
    }

    @Test func namesTheContentType() throws {
        let server = try offline { request, response in
            switch request.path {
            case "/constant": response.send("{}", contentType: .json)
            case "/literal": response.send("<svg/>", contentType: "image/svg+xml")
            case "/field":
                try response.headers.add(.contentType, String("text/") + "x")
                response.send("x", contentType: .none)
            default: response.send("x", contentType: .none)
            }
        }
        #expect(server.answer(get("/constant"))["Content-Type"] == "application/json")
        #expect(server.answer(get("/literal"))["Content-Type"] == "image/svg+xml")
        #expect(server.answer(get("/field"))["Content-Type"] == "text/x")
        #expect(server.answer(get("/"))["Content-Type"] == nil)
    }

    @Test func addsFields() throws {
        let server = try offline { request, response in
            response.headers.add(.cacheControl, "max-age=60")
            try response.headers.add(.location, "/" + String(request.queryBytes))
            try response.headers.add("X-Bytes", request.queryBytes)
            try response.headers.add("X-Span", request.queryBytes.span)
            try response.headers.add(named: "X-Name", "value")
            response.headers.add(.setCookie, "a=1")
            response.headers.add(.setCookie, "b=2")
            response.send("")
        }
        let answer = server.answer(get("/?there"))
        #expect(answer["Cache-Control"] == "max-age=60")
        #expect(answer["Location"] == "/there")
        #expect(
            answer["X-Bytes"] == "there" && answer["X-Span"] == "there"
                && answer["X-Name"] == "value")
        #expect(answer.fields.filter { $0.name == "Set-Cookie" }.map(\.value) == ["a=1", "b=2"])
    }

    @Test func setsReplacesAndRemovesHeaders() throws {
        let server = try offline { _, response in
            response.headers[.cacheControl] = "no-cache"
            response.headers.add(.vary, "Accept")
            response.headers.add(.vary, "Origin")
            response.headers["cache-CONTROL"] = "no-store"
            expect(response.headers[.cacheControl] == "no-store")
            expect(response.headers["vary"] == "Accept" && response.headers[.link] == nil)
            response.headers[.vary] = nil
            response.headers["X-None"] = nil
            expect(response.headers[.vary] == nil)
            response.headers["X-Empty"] = ""
            response.send("", status: .created)
            expect(response.headers[.cacheControl] == nil)
        }
        let answer = server.answer(get("/"))
        #expect(answer.status == 201)
        #expect(answer.fields.filter { $0.name.lowercased() == "cache-control" }.count == 1)
        #expect(answer["Cache-Control"] == "no-store" && answer["Vary"] == nil)
        #expect(answer["X-Empty"] == "" && answer["X-None"] == nil)
    }

    /// An assignment cannot throw: what is refused is logged, and is not sent.
    @Test(arguments: [
        ("X-A", "a\r\nX-Evil: 1"), ("X-A", "a\0"), ("not a token", "a"), ("", "a"),
        ("Content-Length", "1"), ("Date", "now"),
    ])
    func dropsWhatCannotBeAssigned(name: String, value: String) throws {
        let log = Recorder<String>()
        let server = try offline(log: log) { _, response in
            response.headers["X-A"] = "before"
            response.headers["X-B"] = "b"
            response.headers[name] = value
            response.send("whole")
        }
        let answer = server.answer(get("/"))
        #expect(answer.text == "whole" && answer["X-B"] == "b" && answer["X-Evil"] == nil)
        #expect(answer["X-A"] == (name == "X-A" ? nil : "before"))
        #expect(log.values.count == 1 && log.values[0].hasSuffix("It is dropped."))
    }

    @Test func sendsOneContentTypeWhereAHeaderNamesIt() throws {
        let server = try offline { request, response in
            switch request.path {
            case "/set": response.headers[.contentType] = "text/csv"
            case "/added": response.headers.add("content-type", "text/csv")
            default:
                response.headers[.contentType] = "text/csv"
                response.headers[.contentType] = nil
            }
            if request.query["streamed"] != nil {
                response.stream { _ in .done }
            } else {
                response.send("a,b", contentType: .html)
            }
        }
        func types(_ path: String) -> [String] {
            server.answer(get(path)).fields.filter { $0.name.lowercased() == "content-type" }
                .map(\.value)
        }
        #expect(types("/set") == ["text/csv"] && types("/added") == ["text/csv"])
        #expect(types("/set?streamed") == ["text/csv"])
        #expect(types("/removed") == [ContentType.html.description])
    }

    @Test(arguments: [
        "a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\u{1}b", "a\u{7F}b", "\r", "\n", "\0",
        "a\u{1B}[0m",
    ])
    func refusesControlBytesInValues(value: String) throws {
        let server = try offline { request, response in
            var kinds: [ResponseError.Kind] = []
            do throws(ResponseError) { try response.headers.add(.location, value) } catch {
                kinds.append(error.kind)
            }
            do throws(ResponseError) { try response.headers.add(named: "X-A", value) } catch {
                kinds.append(error.kind)
            }
            let bytes = Array(value.utf8)
            do throws(ResponseError) { try response.headers.add(.location, bytes.span) } catch {
                kinds.append(error.kind)
            }
            response.send("\(kinds.allSatisfy { $0 == .invalidHeader } && kinds.count == 3)")
        }
        let answer = server.answer(get("/"))
        #expect(answer.text == "true")
        #expect(answer["Location"] == nil && answer["X-Evil"] == nil && answer["X-A"] == nil)
    }

    @Test func takesTabsAndTextBeyondASCIIInValues() throws {
        let server = try offline { _, response in
            try response.headers.add(.link, "a\tb é" + "")
            response.send("")
        }
        #expect(server.answer(get("/"))["Link"] == "a\tb é")
    }

    @Test(arguments: ["", "a b", "a:", "a\r\nb", "é", "a\0", "(a)"])
    func refusesNamesThatAreNoToken(name: String) throws {
        let server = try offline { _, response in
            do throws(ResponseError) {
                try response.headers.add(named: name, "value")
            } catch {
                return response.send("\(error.kind)")
            }
            response.send("taken")
        }
        #expect(server.answer(get("/")).text == "invalidHeader")
    }

    @Test(arguments: [
        "Content-Length", "content-length", "Transfer-Encoding", "Connection", "Date",
    ])
    func refusesFieldsOfItsOwn(name: String) throws {
        let server = try offline { _, response in
            do throws(ResponseError) {
                try response.headers.add(named: name, "1")
            } catch {
                return response.send("\(error.kind)")
            }
            response.send("taken")
        }
        #expect(server.answer(get("/")).text == "reservedHeader")
    }

    @Test func refusesMoreFieldsThanAHeadMayHave() throws {
        let server = try offline { _, response in
            let value = String(repeating: "v", count: 1000)
            do throws(ResponseError) {
                for _ in 0..<100 { try response.headers.add(.link, value) }
            } catch {
                return response.send("\(error.kind)")
            }
            response.send("taken")
        }
        let answer = server.answer(get("/"))
        #expect(answer.text == "headersTooLarge" && answer.fields.count > 60)
    }

    @Test func percentEncodedLineEndsStayInert() throws {
        let server = try offline { request, response in
            try response.headers.add(.location, request.path)
            response.send("", status: .found)
        }
        let answer = server.answer(get("/%0d%0aX-Evil:1"))
        #expect(answer["Location"] == "/%0d%0aX-Evil:1" && answer["X-Evil"] == nil)
    }

    @Test func closesTheConnectionWhereAsked() throws {
        let server = try offline { _, response in
            response.closeConnection()
            response.send("last")
        }
        let bytes = server.handle(Array((get("/") + get("/")).utf8))
        let answer = Answer(bytes)
        #expect(answer["Connection"] == "close" && answer.text == "last")
    }

    @Test func sendsARawResponseAsItIs() throws {
        let raw = "HTTP/1.1 299 Odd\r\nX: y\r\nContent-Length: 2\r\n\r\nok"
        let server = try offline { request, response in
            response.headers.add(.vary, "dropped")
            switch request.path {
            case "/static":
                response.sendRaw("HTTP/1.1 299 Odd\r\nX: y\r\nContent-Length: 2\r\n\r\nok")
            case "/array": response.sendRaw(Array(raw.utf8))
            default:
                let bytes = Array(raw.utf8)
                response.sendRaw(Bytes(bytes.span))
            }
        }
        for path in ["/static", "/array", "/bytes"] {
            #expect(server.handle(Array(get(path).utf8)) == Array(raw.utf8), "\(path)")
        }
    }

    @Test func dropsASecondAnswerAndLogsIt() throws {
        let log = Recorder<String>()
        let server = try offline(log: log) { request, response in
            response.send("first")
            expect(response.isAnswered)
            response.send("second")
            response.send(status: .notFound)
            response.sendRaw("raw")
            response.status = .created
            response.headers.add(.vary, "a")
            expect((try? response.headers.add(.vary, "a" + "b")) == nil)
            response.stream { _ in .done }
            response.receiveBody { _, _ in .more }
            _ = response.sendLater()
        }
        let answer = server.answer(get("/"))
        #expect(answer.status == 200 && answer.text == "first" && answer["Vary"] == nil)
        #expect(log.values.count == 8)
        #expect(log.values.first == "GET /: send was called, but the request was answered before.")
    }

    @Test func answersAHandlerThatDoesNot() throws {
        let server = try offline { _, response in expect(!response.isAnswered) }
        #expect(server.answer(get("/")).status == 500)
    }

    @Test(arguments: backends)
    func answersAHandlerThatThrowsAndGoesOn(backend: Server.Backend) throws {
        let log = Recorder<String>()
        let server = try Server(configuration: local(backend, log: log)) { request, response in
            response.headers.add(.setCookie, "for=another")
            guard request.path != "/throw" else { throw TestFailure() }
            response.send("fine")
        }
        let answers = try server.answers([get("/throw"), get("/"), get("/throw")])
        #expect(answers.map(\.status) == [500, 200, 500])
        #expect(
            answers[0]["Connection"] == nil && answers[0]["Set-Cookie"] == nil
                && answers[0].text == "500 Internal Server Error\n")
        let line = "GET /throw: a handler threw: as planned"
        #expect(log.values.filter { $0 == line }.count == 2)
    }

    @Test(arguments: backends)
    func closesWhereAHandlerThrowsAfterItsAnswer(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { request, response in
            response.send("fine")
            throw TestFailure()
        }
        #expect(try server.answers([get("/")])[0].text == "fine")
        #expect(throws: TestError.self) { try server.answers([get("/"), get("/")]) }
    }
}

private let longText: StaticString = """
    000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
    111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111
    222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222
    333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333
    444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444
    555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555
    666666666666666666666666666666666666666666666666666666666666666666666666666666666666666666
    777777777777777777777777777777777777777777777777777777777777777777777777777777777777777777
    888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888
    999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999
    000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
    111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111
    222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222
    333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333
    444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444
    555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555
    666666666666666666666666666666666666666666666666666666666666666666666666666666666666666666
    777777777777777777777777777777777777777777777777777777777777777777777777777777777777777777
    888888888888888888888888888888888888888888888888888888888888888888888888888888888888888888
    999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999
    000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
    111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111
    222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222
    333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333
    """
