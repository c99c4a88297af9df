// SPDX-License-Identifier: MIT
// The bodies of errors for which nobody wrote one: by whom they are chosen, and what they hold.

import Testing
import Vanilla
import VanillaTestSupport

private let plain = "404 Not Found\n"
private let problem =
    #"{"type":"about:blank","title":"Not Found","status":404,"detail":"There is nothing at this address."}"#

private struct Secret: Error {}

private func makeServer(_ body: Server.Configuration.ErrorBody = .byAccept) throws -> Server {
    var configuration = Server.Configuration()
    configuration.errorBody = body
    configuration.log = { _, _ in }
    configuration.limits.body = 4
    return try Server(
        configuration: configuration,
        router: Router { routes in
            routes.get("/there") { _, response in response.send("Here.") }
            routes.post("/there") { _, response in response.send("Here.") }
            routes.get("/secret") { _, _ in throw Secret() }
            routes.get("/teapot") { _, _ in
                throw RequestError(Status(code: 418)!, "I am \"short\"\n.")
            }
            routes.get("/nothing") { _, _ in }
            routes.get("/empty") { _, response in response.send(status: .notFound) }
            routes.get("/elsewhere") { _, _ in throw RequestError(.seeOther) }
            routes.get("/later") { (request, response) async throws in
                await Task.yield()
                throw RequestError(.unauthorized)
            }
        })
}

extension Server {
    /// The answer to a request of that target from a client that accepts what is named.
    fileprivate func answer(_ target: String, accept: String?) -> Answer {
        if let accept {
            answer(get(target, fields: "Accept: \(accept)"))
        } else {
            answer(get(target))
        }
    }
}

@Suite struct ErrorBodyTests {
    @Test(arguments: [
        (nil, false), ("*/*", false), ("text/html, application/xhtml+xml, */*;q=0.8", false),
        ("application/json", true), ("application/problem+json", true),
        ("APPLICATION/Problem+JSON ; q=0.5", true), ("application/json, text/plain, */*", true),
        ("text/plain, application/json;q=0.9", false),
        ("text/*;q=0.1, application/json;q=0.2", true),
        ("application/json;q=0", false), ("application/json;q=0.000, text/plain;q=0", false),
        ("text/plain;x=\"a,application/json\"", false), ("application/json;q=x", true),
        (",,;,application/json", true), ("", false), ("\"", false), ("application/*", false),
        ("text/plain;q=0, */*;q=0.5, application/json;q=0.3", true),
    ])
    func takesTheFormThatTheClientPrefers(accept: String?, isProblem: Bool) throws {
        let answer = try makeServer().answer("/missing", accept: accept)
        #expect(answer.status == 404)
        #expect(answer.text == (isProblem ? problem : plain))
        #expect(
            answer["Content-Type"]
                == (isProblem ? "application/problem+json" : "text/plain; charset=utf-8"))
        #expect(answer["Vary"] == "Accept")
    }

    @Test(arguments: [
        (Server.Configuration.ErrorBody.text, plain), (.problem, problem), (.empty, ""),
    ])
    func takesTheFormThatTheConfigurationNames(
        body: Server.Configuration.ErrorBody, text: String
    ) throws {
        for accept in [nil, "application/json", "text/plain"] {
            let answer = try makeServer(body).answer("/missing", accept: accept)
            #expect(answer.text == text)
            #expect(answer["Vary"] == nil)
        }
    }

    @Test(arguments: [
        ("GET /there/not", "404 Not Found\n"), ("DELETE /there", "405 Method Not Allowed\n"),
        ("GET /%zz", "400 Bad Request\n"), ("GET /secret", "500 Internal Server Error\n"),
        ("GET /nothing", "500 Internal Server Error\n"), ("GET /empty", ""),
        ("GET /elsewhere", ""), ("OPTIONS /there", ""), ("GET /later", "401 Unauthorized\n"),
        ("GET /teapot", "I am \"short\"\n."),
    ])
    func saysWhatTheStatusIsAndNothingElse(line: String, text: String) throws {
        let output = try makeServer().handle(Array("\(line) HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        let answer = String(decoding: output, as: UTF8.self)
        #expect(answer.hasSuffix("\r\n\r\n\(text)"), "\(answer)")
        #expect(!answer.contains("Secret"))
        if line.hasPrefix("DELETE") {
            #expect(answer.contains("Allow: GET, HEAD, OPTIONS, POST\r\n"))
        }
    }

    @Test func escapesTheMessageOfAnError() throws {
        let answer = try makeServer(.problem).answer(get("/teapot"))
        #expect(
            answer.text
                == #"{"type":"about:blank","status":418,"detail":"I am \"short\"\u000a."}"#)
    }

    /// Where the request was read.
    @Test(arguments: [
        ("POST /there HTTP/1.1\r\nHost: a\r\nContent-Length: 9", "413 Content Too Large\n"),
        ("GET /there HTTP/1.1\r\nHost: a\r\nHost: b", ""),
        ("GET /there HTTP/2.0", ""),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a:1", ""),
    ])
    func writesTheServersOwnRefusals(head: String, body: String) throws {
        let plain = try makeServer().handle(Array("\(head)\r\n\r\n".utf8))
        let text = String(decoding: plain, as: UTF8.self)
        #expect(text.hasSuffix("Connection: close\r\n\r\n\(body)"), "\(text)")
        let other = try makeServer(.problem).handle(Array("\(head)\r\n\r\n".utf8))
        let problem = String(decoding: other, as: UTF8.self)
        #expect(problem.contains("application/problem+json") == !body.isEmpty)
    }

    @Test func readsAcceptOfARequestThatItRefuses() throws {
        let head =
            "POST /there HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\nContent-Length: 9\r\n\r\n"
        let output = try makeServer().handle(Array(head.utf8))
        let end = #""status":413,"detail":"The body of the request is too large."}"#
        #expect(String(decoding: output, as: UTF8.self).hasSuffix(end))
    }

    @Test func tellsHeadTheLengthAlone() throws {
        let output = try makeServer().handle(
            Array("HEAD /missing HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        let answer = String(decoding: output, as: UTF8.self)
        #expect(answer.contains("Content-Length: \(plain.utf8.count)\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n"))
    }
}
