// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct ReceivingTests {
    @Sendable private static func streamed(_ request: Request) -> Request.BodyDelivery { .streamed }

    @Sendable private static func byPath(_ request: Request) -> Request.BodyDelivery {
        switch request.path {
        case "/whole": .whole
        case "/ignored": .ignored
        default: .streamed
        }
    }

    @Sendable private static func count(_ request: Request, _ response: inout ResponseWriter) {
        var count = 0
        response.receiveBody { piece, response in
            count += piece.bytes.count
            if piece.isLast { response.send("\(count)") }
            return .more
        }
    }

    @Test(arguments: backends)
    func countsBodiesOfAnySize(backend: Server.Backend) throws {
        let server = try Server(
            configuration: local(backend), bodyDelivery: ReceivingTests.streamed,
            handler: ReceivingTests.count)
        let body = String(repeating: "x", count: 20_000_000)
        let chunk = String(repeating: "y", count: 0x10000)
        let chunks = String(repeating: "10000\r\n\(chunk)\r\n", count: 200)
        let chunked =
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n"
        let answers = try server.answers([
            post("/", body), chunked, post("/", ""), get("/"), post("/", "four"),
        ])
        #expect(answers.map(\.text) == ["20000000", "13107200", "0", "0", "4"])
    }

    @Test func lendsThePiecesInOrder() throws {
        let server = try offline(bodyDelivery: ReceivingTests.streamed) { _, response in
            var text = ""
            response.receiveBody { piece, response in
                text += String(piece.bytes)
                if piece.isLast { response.send(text) }
                return .more
            }
        }
        #expect(server.answer(post("/", "hello")).text == "hello")
        let chunked =
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
        #expect(server.answer(chunked).text == "hello")
    }

    @Test(arguments: backends)
    func mayAnswerBeforeTheEnd(backend: Server.Backend) throws {
        let server = try Server(
            configuration: local(backend), bodyDelivery: ReceivingTests.streamed
        ) {
            _, response in
            response.receiveBody { piece, response in
                if !response.isAnswered { response.send("early") }
                return .more
            }
        }
        let body = String(repeating: "x", count: 100_000)
        #expect(
            try server.answers([post("/", body), post("/", body)]).map(\.text) == [
                "early", "early",
            ])
    }

    @Test(arguments: backends)
    func holdsTheClientBackWhilePaused(backend: Server.Backend) throws {
        let server = try Server(
            configuration: local(backend), bodyDelivery: ReceivingTests.streamed
        ) {
            _, response in
            let exchange = response.handle
            var count = 0
            response.receiveBody { piece, response in
                count += piece.bytes.count
                if piece.isLast {
                    response.send("\(count)")
                    return .more
                }
                onAnotherThread { exchange.resume() }
                return .pause
            }
        }
        let body = String(repeating: "x", count: 3_000_000)
        #expect(try server.answers([post("/", body)])[0].text == "3000000")
    }

    @Test(arguments: backends)
    func answersAReceiverThatThrows(backend: Server.Backend) throws {
        let log = Recorder<String>()
        let ends = Recorder<Int>()
        let server = try Server(
            configuration: local(backend, log: log), bodyDelivery: ReceivingTests.streamed
        ) { _, response in
            let witness = Witness(ends)
            response.receiveBody { _, _ in try withExtendedLifetime(witness) { throw TestFailure() }
            }
        }
        let answer = try server.answers([post("/", "hello")])[0]
        #expect(answer.status == 500 && answer["Connection"] == "close")
        #expect(log.values.contains("POST /: the receiver of a body threw: as planned"))
        #expect(ends.values.count == 1)
    }

    @Test func answersAReceiverThatNeverDoes() throws {
        let server = try offline(bodyDelivery: ReceivingTests.streamed) { _, response in
            response.receiveBody { _, _ in .more }
        }
        #expect(server.answer(post("/", "hello")).status == 500)
    }

    @Test func choosesByTheHead() throws {
        let server = try offline(bodyDelivery: ReceivingTests.byPath) { request, response in
            if request.path == "/streamed" {
                ReceivingTests.count(request, &response)
            } else {
                response.send("[\(String(request.body))]")
            }
        }
        #expect(server.answer(post("/whole", "hello")).text == "[hello]")
        #expect(server.answer(post("/ignored", "hello")).text == "[]")
        #expect(server.answer(post("/streamed", "hello")).text == "5")
    }
}
