// SPDX-License-Identifier: MIT

import Vanilla
import VanillaTesting
import XCTest

/// End-to-end tests of a server that is never run: raw requests in, raw responses out. Copy from
/// here.
final class RawRequestTests: XCTestCase {
    private func makeServer() throws -> Server {
        try Server(port: 0) { request, response in
            switch request.path {
            case "/": response.send("Hello, World!")
            case "/echo": response.send(request.body)
            default: response.send(status: .notFound)
            }
        }
    }

    private func answer(_ server: Server, to request: String) -> String {
        String(decoding: server.handle(Array(request.utf8)), as: UTF8.self)
    }

    // MARK: - Without a socket: server.handle

    func testAnswersOneRequest() throws {
        let response = answer(try makeServer(), to: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        XCTAssertTrue(response.hasPrefix("HTTP/1.1 200 OK\r\n"))
        XCTAssertTrue(response.contains("\r\nContent-Type: text/plain; charset=utf-8\r\n"))
        XCTAssertTrue(response.contains("\r\nContent-Length: 13\r\n"))
        XCTAssertTrue(response.hasSuffix("\r\n\r\nHello, World!"))
    }

    func testAnswersAnUnknownPathWithNotFound() throws {
        let response = answer(try makeServer(), to: "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
        XCTAssertTrue(response.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
    }

    func testGivesTheBodyToTheHandler() throws {
        let response = answer(
            try makeServer(), to: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
        )
        XCTAssertTrue(response.hasSuffix("\r\n\r\nhello"))
    }

    func testAnswersPipelinedRequestsInOrder() throws {
        let response = answer(
            try makeServer(),
            to: "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
        let statusLines = response.components(separatedBy: "\r\n").filter {
            $0.contains("HTTP/1.1 ")
        }
        XCTAssertEqual(
            statusLines.map { String($0.suffix(from: $0.range(of: "HTTP/1.1")!.lowerBound)) },
            ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"])
    }

    func testRefusesABrokenRequest() throws {
        let response = answer(try makeServer(), to: "GET / HTTP/1.1\r\nHost : a\r\n\r\n")
        XCTAssertTrue(response.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        XCTAssertTrue(response.contains("\r\nConnection: close\r\n"))
    }

    // MARK: - Over a real socket: server.test

    func testAnswersOverASocket() throws {
        let responses = try makeServer().test([
            Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8),
            Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello".utf8),
        ])
        XCTAssertEqual(responses.count, 2)
        XCTAssertTrue(
            String(decoding: responses[0], as: UTF8.self).hasSuffix("\r\n\r\nHello, World!"))
        XCTAssertTrue(String(decoding: responses[1], as: UTF8.self).hasSuffix("\r\n\r\nhello"))
    }

    func testSaysWhenTheServerClosesTheConnection() throws {
        let requests = [
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ]
        XCTAssertThrowsError(try makeServer().test(requests.map { Array($0.utf8) })) { error in
            XCTAssertEqual((error as? TestError)?.kind, .connectionClosed)
        }
    }

    func testTakesTargetsInUTF8WhereTheConfigurationSaysSo() throws {
        for isTaken in [false, true] {
            var configuration = Server.Configuration()
            configuration.takesUTF8Targets = isTaken
            let server = try Server(configuration: configuration) { request, response in
                response.send(request.path == "/grüße" ? request.queryBytes : request.path)
            }
            let response = answer(server, to: "GET /grüße?q=€ HTTP/1.1\r\nHost: a\r\n\r\n")
            XCTAssertTrue(response.hasPrefix(isTaken ? "HTTP/1.1 200 " : "HTTP/1.1 400 "))
            XCTAssertEqual(response.hasSuffix("\r\n\r\nq=€"), isTaken)
        }
    }
}
