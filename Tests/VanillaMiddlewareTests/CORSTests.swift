// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaMiddleware
import VanillaTestSupport

@Suite struct CORSTests {
    private func server(_ cors: CORS) throws -> Server {
        let router = try Router { routes in
            routes.use(cors.middleware)
            routes.get("/") { _, response in response.send("hello") }
            routes.put("/item") { _, response in response.send("put") }
            routes.get("/refuses") { _, _ in throw RequestError(.conflict, "No.") }
        }
        var configuration = local()
        configuration.onRefusal = { refusal, response in cors.allow(refusal, &response) }
        return try Server(configuration: configuration, router: router)
    }

    private let app = "Origin: https://app.example"

    private func varies(_ answer: Answer) -> [String] {
        answer.fields.filter { $0.name == "Vary" }.map(\.value)
    }

    @Test func letsAnybodyReadWithoutCredentials() throws {
        let server = try server(CORS(.any))
        for target in ["/", "/refuses", "/nowhere"] {
            let answer = server.answer(get(target, fields: app))
            #expect(answer["Access-Control-Allow-Origin"] == "*")
            #expect(answer["Access-Control-Allow-Credentials"] == nil)
        }
        #expect(server.answer(get("/"))["Access-Control-Allow-Origin"] == nil)
    }

    @Test func letsThoseReadWhoAreNamed() throws {
        var cors = CORS(.only(["https://app.example", "null"], withCredentials: true))
        cors.exposedHeaders = ["X-Total", "Link"]
        let server = try server(cors)
        let answer = server.answer(get("/", fields: app))
        #expect(answer["Access-Control-Allow-Origin"] == "https://app.example")
        #expect(answer["Access-Control-Allow-Credentials"] == "true")
        #expect(answer["Access-Control-Expose-Headers"] == "X-Total, Link")
        #expect(varies(answer) == ["Origin"] && answer.text == "hello")
        for other in ["https://app.example.evil", "HTTPS://app.example", "http://app.example"] {
            let answer = server.answer(get("/", fields: "Origin: \(other)"))
            #expect(answer.status == 200 && answer["Access-Control-Allow-Origin"] == nil)
            #expect(answer["Access-Control-Expose-Headers"] == nil)
            #expect(varies(answer) == ["Origin"])
        }
        #expect(varies(server.answer(get("/"))) == ["Origin"])
    }

    @Test(arguments: ["/item", "/", "/nowhere"])
    func answersAPreflight(target: String) throws {
        var cors = CORS(.only(["https://app.example"]))
        cors.maximumAge = 60
        let asks = [
            "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-a, x-b",
        ]
        let answer = try server(cors).answer(
            get(target, method: "OPTIONS", fields: app, asks[0], asks[1]))
        #expect(answer.status == 204 && answer.body.isEmpty)
        #expect(
            answer["Access-Control-Allow-Methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE")
        #expect(answer["Access-Control-Allow-Headers"] == "x-a, x-b")
        #expect(answer["Access-Control-Max-Age"] == "60")
        #expect(varies(answer).joined(separator: ", ").contains("Access-Control-Request-Method"))
        cors.allowedHeaders = ["X-Only"]
        let bounded = try server(cors).answer(
            get(target, method: "OPTIONS", fields: app, asks[0], asks[1]))
        #expect(bounded["Access-Control-Allow-Headers"] == "X-Only")
    }

    /// Who may not ask, and who asks nothing of the kind, sees the server's own answer.
    @Test func leavesOtherOptionsToTheRouter() throws {
        let server = try server(CORS(.only(["https://app.example"])))
        let ask = "Access-Control-Request-Method: PUT"
        for fields in [["Origin: https://other.example", ask], [app], [ask]] {
            let lines = fields.map { $0 + "\r\n" }.joined()
            let answer = server.answer("OPTIONS /item HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")
            #expect(answer["Access-Control-Allow-Methods"] == nil)
            #expect(answer["Allow"]?.contains("PUT") == true)
        }
    }

    @Test func letsAPageReadARefusal() throws {
        let server = try server(CORS(.only(["https://app.example"])))
        let answer = server.answer(
            "PUT /item HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n"
                + "Content-Length: 99999999999\r\n\r\n")
        #expect(answer.status == 413)
        #expect(answer["Access-Control-Allow-Origin"] == "https://app.example")
    }
}
