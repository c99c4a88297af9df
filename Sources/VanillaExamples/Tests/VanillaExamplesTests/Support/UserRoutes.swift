// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

/// The routes that the examples share: each request with the status, the type and the text of its
/// answer.
let userRoutes: [(request: String, status: Int, contentType: String?, body: String)] = [
    (get("/"), 200, "application/json", ""),
    (get("/?a=b"), 200, "application/json", ""),
    (get("/user/1"), 200, "text/plain", "1"),
    (get("/user/a%20b?c"), 200, "text/plain", "a%20b"),
    (post("/user", ""), 201, nil, ""),
    (post("/user", "name=new"), 201, nil, ""),
    (get("/nowhere"), 404, "text/plain; charset=utf-8", "404 Not Found\n"),
    (get("/user/"), 404, "text/plain; charset=utf-8", "404 Not Found\n"),
    (get("/user/1/2"), 404, "text/plain; charset=utf-8", "404 Not Found\n"),
    (get("/users"), 404, "text/plain; charset=utf-8", "404 Not Found\n"),
    (post("/nowhere", ""), 404, "text/plain; charset=utf-8", "404 Not Found\n"),
]

/// The methods that each of those routes allows: path, another method, `Allow`.
let methodsOfUserRoutes = [
    ("/", "POST", "GET, HEAD, OPTIONS"), ("/user", "GET", "OPTIONS, POST"),
    ("/user/1", "DELETE", "GET, HEAD, OPTIONS"),
]

/// The server of an example, for a test.
struct Example {
    let server: Server

    init(_ router: Router) throws {
        server = try Server(configuration: local(), router: router)
    }

    /// Expects the answer that a row of the table says. Returns it.
    @discardableResult
    func expect(
        _ status: Int, _ contentType: String?, _ body: String, of request: String,
        _ location: SourceLocation = #_sourceLocation
    ) -> Answer {
        let answer = server.answer(request)
        #expect(answer.status == status && answer.text == body, sourceLocation: location)
        #expect(answer["Content-Type"] == contentType, sourceLocation: location)
        return answer
    }

    func expectRefusal(
        of method: String, at path: String, allowing allowed: String,
        _ location: SourceLocation = #_sourceLocation
    ) {
        let answer = server.answer(get(path, method: method))
        #expect(answer.status == 405 && answer["Allow"] == allowed, sourceLocation: location)
    }

    func expectHeadLikeGet(at path: String, _ location: SourceLocation = #_sourceLocation) {
        let head = server.answer(get(path, method: "HEAD"))
        let whole = server.answer(get(path))
        #expect(
            head.body.isEmpty && head["Content-Length"] == whole["Content-Length"],
            sourceLocation: location)
        #expect(head.fields.map(\.name) == whole.fields.map(\.name), sourceLocation: location)
    }
}
