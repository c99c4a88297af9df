// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

/// `server.test`: real sockets, exact bytes, and then the server is down.
@Suite struct ServerTestingTests {
    private func kind(
        _ server: Server, _ requests: [String], deadline: Duration = .seconds(60)
    ) throws -> TestError.Kind? {
        do {
            _ = try server.test(requests.map { Array($0.utf8) }, deadline: deadline)
            return nil
        } catch let error as TestError {
            return error.kind
        }
    }

    private func rawServer(_ backend: Server.Backend, _ raw: String) throws -> Server {
        let bytes = Array(raw.utf8)
        return try Server(configuration: local(backend)) { _, response in response.sendRaw(bytes) }
    }

    @Test(arguments: backends)
    func returnsTheSameBytesAsHandle(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { _, response in
            response.sendRaw("HTTP/1.1 204 No\r\n\r\n")
        }
        let request = Array(get("/").utf8)
        #expect(
            try server.test([request, request]) == [server.handle(request), server.handle(request)])
        #expect(try server.test([]) == [])
    }

    @Test(arguments: backends)
    func findsTheEndOfEveryKindOfResponse(backend: Server.Backend) throws {
        for raw in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\ncOnTeNt-lEnGtH:5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\nA: trailer\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        ] {
            let server = try rawServer(backend, raw)
            let request = Array(get("/").utf8)
            #expect(
                try server.test([request, request]) == [Array(raw.utf8), Array(raw.utf8)], "\(raw)")
        }
    }

    @Test(arguments: backends)
    func knowsThatHeadHasNoBody(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { _, response in
            response.send("hello")
        }
        let answers = try server.answers([get("/", method: "HEAD"), get("/")])
        #expect(
            answers[0]["Content-Length"] == "5" && answers[0].body.isEmpty
                && answers[1].text == "hello")
    }

    @Test(arguments: backends)
    func returnsInterimResponses(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { request, response in
            response.send(request.body)
        }
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        let responses = try server.test([Array((head + "ok").utf8)])
        let text = String(decoding: responses[0], as: UTF8.self)
        #expect(text.hasSuffix("\r\n\r\nok") && text.contains("HTTP/1.1 200 OK\r\n"))
    }

    @Test(arguments: backends)
    func readsToTheEndOfTheConnectionWhereNothingElseSaysWhere(backend: Server.Backend) throws {
        let raw = "HTTP/1.1 200 OK\r\n\r\nuntil the end"
        let bytes = Array(raw.utf8)
        let server = try Server(configuration: local(backend)) { _, response in
            response.closeConnection()
            response.sendRaw(bytes)
        }
        #expect(try server.test([Array(get("/").utf8)]) == [bytes])
    }

    @Test(arguments: backends)
    func returnsAnEarlyAnswerToALongRequest(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { _, response in
            response.send("fine")
        }
        let answer = try server.answers([post("/", String(repeating: "x", count: 9 << 20))])[0]
        #expect(answer.status == 413)
    }

    @Test(arguments: backends)
    func saysWhatWentWrong(backend: Server.Backend) throws {
        let fine = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        #expect(
            try kind(
                rawServer(backend, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"),
                [get("/")], deadline: .milliseconds(50)) == .deadlineExceeded)
        #expect(
            try kind(rawServer(backend, fine), [get("/", fields: "Connection: close"), get("/")])
                == .connectionClosed)
        #expect(try kind(rawServer(backend, fine + "more"), [get("/")]) == .malformedResponse)
        #expect(
            try kind(rawServer(backend, "no response\r\n\r\n"), [get("/")]) == .malformedResponse)
        #expect(
            try kind(
                rawServer(
                    backend, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"),
                [get("/")])
                == .malformedResponse)
    }

    @Test(arguments: backends)
    func isDownAfterwards(backend: Server.Backend) throws {
        let ends = Recorder<Int>()
        let promises = Recorder<ResponseWriter.Completion>()
        defer { promises.clear() }
        let server = try Server(
            configuration: local(backend),
            makeHandler: { _ in
                let witness = Witness(ends)
                return { request, response in
                    withExtendedLifetime(witness) {
                        if request.path == "/never" {
                            promises.record(response.sendLater())
                        } else {
                            response.send("fine")
                        }
                    }
                }
            })
        _ = try server.answers([get("/")])
        #expect(ends.values.count == 1)
        #expect(try kind(server, [get("/never")], deadline: .milliseconds(50)) == .deadlineExceeded)
        #expect(ends.values.count == 2)
    }

    @Test(arguments: backends)
    func leavesARunningServerAlone(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { _, response in
            response.send("fine")
        }
        try server.start()
        #expect(try server.answers([get("/")])[0].text == "fine")
        #expect(try exchange(get("/"), port: server.port).text == "fine")
        server.stop(within: .zero)
        server.wait()
    }
}
