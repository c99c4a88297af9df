// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct RequestErrorTests {
    private static let error = RequestError(.unprocessableContent, "The name is missing.")

    @Test func isTheAnswerWhenAHandlerThrowsIt() throws {
        let log = Recorder<String>()
        let server = try offline(log: log) { _, response in
            response.headers.add("X-Meant", "for any answer")
            response.status = .created
            throw RequestErrorTests.error
        }
        let answer = server.answer(get("/"))
        #expect(answer.status == 422 && answer.text == "The name is missing.")
        #expect(answer["Content-Type"] == "text/plain; charset=utf-8")
        #expect(answer["X-Meant"] == "for any answer" && answer["Connection"] == nil)
        #expect(log.values.isEmpty)
    }

    @Test func saysWhenToAskAgain() throws {
        let server = try offline { _, _ in
            throw RequestError(.serviceUnavailable, "Later.", retryAfter: 7)
        }
        let answer = server.answer(get("/"))
        #expect(answer.status == 503 && answer["Retry-After"] == "7" && answer.text == "Later.")
    }

    @Test func saysItsStatusWithoutAMessage() throws {
        let log = Recorder<String>()
        let server = try offline(log: log) { _, response in
            response.headers.add(.wwwAuthenticate, "Basic")
            throw RequestError(.unauthorized)
        }
        let answer = server.answer(get("/"))
        #expect(answer.status == 401 && answer["WWW-Authenticate"] == "Basic")
        #expect(answer.text == "401 Unauthorized\n" && log.values.isEmpty)
    }

    @Test func isAnErrorLikeAnyOtherBehindAnAnswer() throws {
        let log = Recorder<String>()
        let server = try offline(log: log) { _, response in
            response.send("done")
            throw RequestErrorTests.error
        }
        let answer = server.answer(get("/"))
        #expect(answer.status == 200 && answer.text == "done")
        #expect(log.values == ["GET /: a handler threw: 422: The name is missing."])
    }

    /// A failure of the server's own; that it is not available is told where it is known.
    @Test func tellsTheCauseOfAFailureInTheLog() throws {
        let log = Recorder<String>()
        let server = try offline(log: log) { request, _ in
            let status = Status(code: request.query["status", as: Int.self] ?? 400)!
            throw RequestError(status, "Try again.", cause: TestFailure())
        }
        for status in [400, 500, 503] {
            let answer = server.answer(get("/?status=\(status)"))
            #expect(answer.status == status && answer.text == "Try again.")
        }
        #expect(log.values == ["GET /: a handler threw: as planned"])
    }

    @Test func isTheAnswerWhenAReceiverThrowsIt() throws {
        let log = Recorder<String>()
        let streamed: @Sendable (Request) -> Request.BodyDelivery = { _ in .streamed }
        let server = try offline(log: log, bodyDelivery: streamed) { _, response in
            response.receiveBody { _, _ in throw RequestErrorTests.error }
        }
        let answer = server.answer(post("/", "body"))
        #expect(answer.status == 422 && answer.text == "The name is missing.")
        #expect(log.values.isEmpty)
    }

    @Test(arguments: backends)
    func isTheAnswerWhenADeferredOneThrowsIt(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { request, response in
            let exchange = response.sendLater()
            onAnotherThread { exchange.finish { _ in throw RequestErrorTests.error } }
        }
        let answers = try server.answers([get("/"), get("/")])
        #expect(answers.map(\.status) == [422, 422])
    }

    @Test func saysWhatItIs() {
        #expect("\(RequestErrorTests.error)" == "422: The name is missing.")
        #expect(RequestError(.badRequest, "", cause: TestFailure()).cause is TestFailure)
    }
}
