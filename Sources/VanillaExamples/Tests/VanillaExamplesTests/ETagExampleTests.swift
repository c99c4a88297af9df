// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@testable import ETagExample

/// MD5 of "1".
private let tag = "\"c4ca4238a0b923820dcc509a6f75849b\""

@Suite struct ETagExampleTests {
    private let example: Example
    private var server: Server { example.server }

    init() throws {
        example = try Example(.etag())
    }

    @Test(arguments: userRoutes)
    func answersItsRoutes(request: String, status: Int, contentType: String?, body: String) {
        let answer = example.expect(status, contentType, body, of: request)
        // Only a user has a tag.
        #expect((answer["ETag"] != nil) == (contentType == "text/plain"))
    }

    @Test(arguments: methodsOfUserRoutes + [("/demo", "PUT", "GET, HEAD, OPTIONS")])
    func refusesOtherMethods(path: String, method: String, allowed: String) {
        example.expectRefusal(of: method, at: path, allowing: allowed)
    }

    @Test(arguments: [
        ("1", "c4ca4238a0b923820dcc509a6f75849b"), ("2", "c81e728d9d4c2f636f067f89cc14862c"),
        ("user", "ee11cbb19052e40b07aac0ca060c23ee"),
    ])
    func tagsAUserByTheMD5OfTheBody(id: String, digest: String) {
        let answer = server.answer(get("/user/\(id)"))
        #expect(answer["ETag"] == "\"\(digest)\"" && answer["Access-Control-Allow-Origin"] == "*")
    }

    @Test(
        arguments: [
            (["If-None-Match: \(tag)"], 304),
            (["If-None-Match: W/\(tag)"], 304),
            (["If-None-Match: c4ca4238a0b923820dcc509a6f75849b"], 304),
            (["If-None-Match: *"], 304),
            (["If-None-Match: \"x\", ,W/\"a,b\",\t\(tag)"], 304),
            (["If-None-Match: \"x\", c4ca4238a0b923820dcc509a6f75849b"], 304),
            (["If-None-Match: \"x\"", "If-None-Match: \(tag)"], 304),
            (["If-None-Match: \(tag)", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"], 304),
            (["If-None-Match: \"x\""], 200),
            (["If-None-Match: "], 200),
            // A prefix, another case, half a pair of quotes: other tags, or none.
            (["If-None-Match: \"c4ca4238a0b923820dcc509a6f7584\""], 200),
            (["If-None-Match: c4ca4238a0b923820dcc509a6f75849b0"], 200),
            (["If-None-Match: \"C4CA4238A0B923820DCC509A6F75849B\""], 200),
            (["If-None-Match: \"c4ca4238a0b923820dcc509a6f75849b"], 200),
            (["If-None-Match: c81e728d9d4c2f636f067f89cc14862c"], 200),
            (["If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT"], 200),
            (["If-Match: \(tag)", "If-None-Match: \(tag)"], 304),
            (["If-Match: *"], 200),
            (["If-Match: \"x\""], 412),
            (["If-Match: W/\(tag)"], 412),
            (["If-Match: \"x\"", "If-None-Match: \(tag)"], 412),
        ], ["GET", "HEAD"])
    func heedsPreconditions(row: (fields: [String], status: Int), method: String) {
        let lines = row.fields.joined(separator: "\r\n")
        let answer = server.answer(get("/user/1", method: method, fields: lines))
        #expect(answer.status == row.status)
        #expect(answer["ETag"] == (row.status == 412 ? nil : tag))
        #expect(answer.text == (row.status == 200 && method == "GET" ? "1" : ""))
        if row.status == 304 {
            #expect(answer["Content-Length"] == nil && answer["Content-Type"] == nil)
            #expect(answer["Date"] != nil && answer["Access-Control-Allow-Origin"] == "*")
        }
    }

    @Test(arguments: ["/nowhere", "/user/"])
    func hasNoPreconditionsWhereNothingIs(path: String) {
        for field in ["If-None-Match: *", "If-Match: \"x\""] {
            #expect(server.answer(get(path, fields: field)).status == 404)
        }
    }

    @Test(arguments: ["/demo", "/index.html"])
    func servesAPage(path: String) throws {
        let answer = server.answer(get(path))
        #expect(answer.status == 200 && answer["Content-Type"] == "text/html; charset=utf-8")
        #expect(answer.text.hasPrefix("<!DOCTYPE html>") && answer.text.contains("<button"))
        let tag = try #require(answer["ETag"])
        #expect(server.answer(get(path, fields: "If-None-Match: \(tag)")).status == 304)
    }

    @Test(arguments: ["/", "/user/12", "/demo"])
    func answersHeadAsGetWithoutTheBody(path: String) {
        example.expectHeadLikeGet(at: path)
    }

    @Test(arguments: backends)
    func answersOverSockets(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend), router: .etag())
        let answers = try server.answers([
            get("/user/1"), get("/user/1", fields: "If-None-Match: \(tag)"),
            get("/user/2", fields: "If-None-Match: \(tag)"), get("/user/1", method: "HEAD"),
            get("/user/1", fields: "If-Match: \"x\""),
        ])
        #expect(answers.map(\.status) == [200, 304, 200, 200, 412])
        #expect(answers.map(\.text) == ["1", "", "2", "", ""])
    }
}
