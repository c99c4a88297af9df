// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaArena

@Suite struct ArenaTests {
    private let server: Server

    init() throws {
        server = try Server.arena(local())
    }

    @Test(arguments: [
        (get("/"), 200, "Hello, World!"),
        (get("/pipeline"), 200, "ok"),
        (get("/baseline11?a=13&b=42"), 200, "55"),
        (get("/baseline11"), 200, "0"),
        (post("/baseline11?a=13&b=42", "20"), 200, "75"),
        (
            "POST /baseline11?a=1&b=2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n2\r\n1\r\n0\r\n0\r\n\r\n",
            200, "23"
        ),
        (get("/baseline11?a=x"), 400, ""),
        (get("/baseline11?a=9223372036854775807&b=1"), 200, "-9223372036854775808"),
        (post("/echo", "hello"), 200, "hello"),
        (post("/upload", "hello"), 200, "5"),
        (post("/upload", ""), 200, "0"),
        (get("/download/0"), 200, ""),
        (get("/download/3"), 200, "\0\0\0"),
        (get("/download/"), 404, ""),
        (get("/download/-1"), 404, ""),
        (get("/download/99999999999999999999"), 404, ""),
        (get("/user/7"), 200, "7"),
        (get("/user/"), 404, ""),
        (get("/stored"), 200, "ok"),
        (get("/around"), 200, "ok"),
        (get("/teams/red/users/7"), 200, "red"),
        (get("/teams/red/users/0"), 404, ""),
        (get("/teams/red/users/x"), 404, ""),
        (get("/json/0?m=2"), 200, "{\"items\":[],\"count\":0}"),
        (get("/json/51"), 404, ""),
        (get("/static/a"), 404, ""),
        (get("/nowhere"), 404, ""),
        (post("/nowhere", "body"), 404, ""),
    ])
    func answersItsRoutes(request: String, status: Int, body: String) {
        let answer = server.answer(request)
        #expect(answer.status == status && answer.text == body)
    }

    @Test(arguments: [
        ("/", "POST", "GET, HEAD, OPTIONS"), ("/pipeline", "PUT", "GET, HEAD, OPTIONS"),
        ("/baseline11", "DELETE", "GET, HEAD, OPTIONS, POST"),
        ("/echo", "GET", "OPTIONS, POST"), ("/upload", "HEAD", "OPTIONS, POST"),
        ("/download/1", "POST", "GET, HEAD, OPTIONS"),
        ("/user/1", "PATCH", "GET, HEAD, OPTIONS"),
    ])
    func refusesOtherMethods(path: String, method: String, allowed: String) {
        let answer = server.answer(get(path, method: method))
        #expect(answer.status == 405 && answer["Allow"] == allowed)
    }

    @Test(arguments: ["/", "/pipeline", "/baseline11?a=1", "/download/100000", "/user/1"])
    func answersHeadAsGetWithoutTheBody(path: String) {
        let head = server.answer(get(path, method: "HEAD"))
        let whole = server.answer(get(path))
        #expect(head.status == 200 && head.body.isEmpty)
        #expect(head["Content-Length"] == "\(whole.body.count)")
        #expect(head.fields.map(\.name) == whole.fields.map(\.name))
    }

    @Test(arguments: backends)
    func movesLargeBodies(backend: Server.Backend) throws {
        let server = try Server.arena(local(backend))
        let body = String(repeating: "x", count: 8 << 20)
        let answers = try server.answers([
            post("/echo", body), post("/upload", body + "more"), get("/download/30000001"),
        ])
        #expect(answers[0].text == body)
        #expect(answers[1].text == "\(body.utf8.count + 4)")
        #expect(answers[2].body.count == 30_000_001)
    }

    @Test func tagsAUser() throws {
        let tag = try #require(server.answer(get("/user/1"))["ETag"])
        #expect(tag.hasPrefix("\"") && tag.hasSuffix("\"") && tag.count > 2)
        #expect(server.answer(get("/user/1"))["ETag"] == tag)
        #expect(server.answer(get("/user/2"))["ETag"] != tag)
    }

    @Test(arguments: [
        ("TAG", true), ("W/TAG", true), ("*", true), ("\"x\", TAG", true),
        ("\"a,b\" ,\t TAG", true), (", , TAG,", true),
        ("\"x\"", false), ("", false), ("w/TAG", false), ("TAGx", false), ("xTAG", false),
        ("\"TAG", false), ("\"", false),
        ("W/", false), ("*, TAG", true), ("\"x\" TAG", false),
    ])
    func comparesTags(list: String, matches: Bool) throws {
        let tag = try #require(server.answer(get("/user/1"))["ETag"])
        let answer = server.answer(
            get(
                "/user/1",
                fields: "If-None-Match: " + list.replacingOccurrences(of: "TAG", with: tag)))
        #expect(answer.status == (matches ? 304 : 200), "\(list)")
        #expect(answer["ETag"] == tag)
        if matches { #expect(answer.body.isEmpty) }
    }

    @Test func comparesTagsOverSeveralLines() throws {
        let tag = try #require(server.answer(get("/user/1"))["ETag"])
        let answer = server.answer(
            get("/user/1", fields: "If-None-Match: \"x\"", "If-None-Match: \(tag)"))
        #expect(answer.status == 304)
    }
}
