// SPDX-License-Identifier: MIT

import Testing
import Vanilla

@testable import SimpleExample

@Suite struct SimpleTests {
    private let server: Server

    init() throws {
        server = try Server(configuration: local(), router: .simple())
    }

    @Test(
        arguments: [
            (get("/"), 200, "application/json", ""),
            (get("/?a=b"), 200, "application/json", ""),
            (get("/user/1"), 200, "text/plain", "1"),
            (get("/user/a%20b?c"), 200, "text/plain", "a%20b"),
            (post("/user", ""), 201, nil, ""),
            (post("/user", "name=new"), 201, nil, ""),
            (get("/nowhere"), 404, nil, ""),
            (get("/user/"), 404, nil, ""),
            (get("/user/1/2"), 404, nil, ""),
            (get("/users"), 404, nil, ""),
            (post("/nowhere", ""), 404, nil, ""),
        ] as [(String, Int, String?, String)])
    func answersItsRoutes(request: String, status: Int, contentType: String?, body: String) {
        let answer = server.answer(request)
        #expect(answer.status == status && answer.text == body)
        #expect(answer["Content-Type"] == contentType)
    }

    @Test(arguments: [
        ("/", "POST", "GET, HEAD, OPTIONS"), ("/user", "GET", "OPTIONS, POST"),
        ("/user/1", "DELETE", "GET, HEAD, OPTIONS"),
    ])
    func refusesOtherMethods(path: String, method: String, allowed: String) {
        let answer = server.answer(get(path, method: method))
        #expect(answer.status == 405 && answer["Allow"] == allowed)
    }

    @Test(arguments: ["/", "/user/12"])
    func answersHeadAsGetWithoutTheBody(path: String) {
        let head = server.answer(get(path, method: "HEAD"))
        let whole = server.answer(get(path))
        #expect(head.body.isEmpty && head["Content-Length"] == whole["Content-Length"])
        #expect(head.fields.map(\.name) == whole.fields.map(\.name))
    }
}
