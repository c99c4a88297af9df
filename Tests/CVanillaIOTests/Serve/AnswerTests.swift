// SPDX-License-Identifier: MIT
// The exact bytes of answers: framing, keep-alive and what surrounds the handler's content.

import CVanillaIOChecks
import Testing

struct Exchange: CustomTestStringConvertible, Sendable {
    let name: String
    let input: String
    let output: String
    var testDescription: String { name }
}

private let hello =
    "HTTP/1.1 200 OK\r\nDate: *\r\nContent-Type: text/plain\r\nContent-Length: "
    + "5\r\n"

/// The end of an answer for which the server has a body.
private func error(_ text: String, closes: Bool = false) -> String {
    "Date: *\r\nVary: Accept\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
        + "\(text.utf8.count)\r\n\(closes ? "Connection: close\r\n" : "")\r\n\(text)"
}

private let exchanges: [Exchange] = [
    Exchange(
        name: "keep-alive is the default of HTTP/1.1 (RFC 9112, section 9.3)",
        input: "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        output: hello + "\r\nHello" + hello + "\r\nHello"),
    Exchange(
        name: "close closes, and what follows is not answered",
        input: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\nHost: "
            + "a\r\n\r\n",
        output: hello + "Connection: close\r\n\r\nHello"),
    Exchange(
        name: "HTTP/1.0 closes",
        input: "GET / HTTP/1.0\r\n\r\n",
        output: hello + "Connection: close\r\n\r\nHello"),
    Exchange(
        name: "HTTP/1.0 with keep-alive is told that it is kept",
        input: "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
        output: hello + "Connection: keep-alive\r\n\r\nHello" + hello + "Connection: close\r\n"
            + "\r\nHello"),
    Exchange(
        name: "HEAD has the fields of GET and no body (RFC 9110, section 9.3.2)",
        input: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD /produce HTTP/1.1\r\nHost: a\r\n\r\n",
        output: hello + "\r\nHTTP/1.1 200 OK\r\nDate: *\r\nContent-Type: text/plain\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n"),
    Exchange(
        name: "204 has neither body nor length (RFC 9110, section 15.3.5)",
        input: "GET /no-content HTTP/1.1\r\nHost: a\r\n\r\n",
        output: "HTTP/1.1 204 No Content\r\nDate: *\r\n\r\n"),
    Exchange(
        name: "a status set after a field takes its place at the front",
        input: "GET /missing HTTP/1.1\r\nHost: a\r\n\r\n",
        output: "HTTP/1.1 404 Not Found\r\nDate: *\r\nX-One: 1\r\nContent-Length: 0\r\n\r\n"),
    Exchange(
        name: "a handler without an answer has answered 500, and the connection stays",
        input: "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        output: "HTTP/1.1 500 Internal Server Error\r\n" + error("500 Internal Server Error\n")
            + hello + "\r\nHello"),
    Exchange(
        name: "a raw response goes out as it is",
        input: "GET /raw HTTP/1.1\r\nHost: a\r\n\r\n",
        output: "HTTP/1.1 200 Fine\r\nContent-Length: 0\r\n\r\n"),
    Exchange(
        name: "a stream to HTTP/1.0 ends with the connection",
        input: "GET /produce HTTP/1.0\r\n\r\n",
        output: "HTTP/1.1 200 OK\r\nDate: *\r\nContent-Type: text/plain\r\nConnection: close\r\n"
            + "\r\n"
            + (0..<50).map {
                String(repeating: Character(UnicodeScalar(97 + $0 % 26)!), count: 100)
            }.joined()),
    Exchange(
        name: "Expect: 100-continue is answered once, where the body has not come (RFC 9110, "
            + "section 10.1.1)",
        input: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n"
            + "\r\n",
        output: "HTTP/1.1 100 Continue\r\n\r\n"),
    Exchange(
        name: "Expect: 100-continue is not answered where the body is there",
        input: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
            + "\r\nhi",
        output: "HTTP/1.1 200 OK\r\nDate: *\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
            + "\r\nhi"),
    Exchange(
        name: "an answer in place of 100 closes",
        input: "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: "
            + "100-continue\r\n\r\n",
        output: hello + "Connection: close\r\n\r\nHello"),
    Exchange(
        name: "a refusal comes after the answers before it, and nothing after it",
        input: "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: "
            + "a\r\n\r\n",
        output: hello + "\r\nHelloHTTP/1.1 400 Bad Request\r\n"
            + "Date: *\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    Exchange(
        name: "OPTIONS * is answered by the server (RFC 9110, section 9.3.7)",
        input: "OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET / HTTP/1.1\r\n"
            + "Host: a\r\n\r\n",
        output: "HTTP/1.1 204 No Content\r\nDate: *\r\n\r\n" + hello + "\r\nHello"),
    Exchange(
        name: "CONNECT is not implemented (RFC 9110, section 9.3.6)",
        input: "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        output: "HTTP/1.1 501 Not Implemented\r\n"
            + "Date: *\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    Exchange(
        name: "what was not read is refused without a body, to HEAD too",
        input: "HEAD / HTTP/1.1\r\n\r\n",
        output: "HTTP/1.1 400 Bad Request\r\nDate: *\r\nContent-Length: 0\r\n"
            + "Connection: close\r\n\r\n"),
    Exchange(
        name: "an ignored body is never taken for a request",
        input: "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 27\r\n\r\nGET / HTTP/1.1\r\n"
            + "Host: a\r\n\r\n"
            + "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        output: hello + "\r\nHello" + hello + "\r\nHello"),
    Exchange(
        name: "a streamed body that nobody takes is drained",
        input: "POST /stream-unread HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / "
            + "HTTP/1.1\r\nHost: a\r\n\r\n",
        output: hello + "\r\nHello" + hello + "\r\nHello"),
]

@Suite struct AnswerTests {
    @Test(arguments: exchanges, Transport.allCases)
    func answers(_ exchange: Exchange, over transport: Transport) {
        expectNoProblem(
            vn_check_answer(transport.c, exchange.input, exchange.input.utf8.count, exchange.output)
        )
    }
}
