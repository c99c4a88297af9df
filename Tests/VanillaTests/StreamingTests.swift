// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

@Suite struct StreamingTests {
    @Test func writesEveryKindOfPiece() throws {
        let shared = SharedBytes("0123456789")
        let server = try offline { _, response in
            response.stream(contentType: .text) { body in
                try body.write("static ")
                try body.write("str" + "ing ")
                try body.write(Array("array ".utf8))
                let bytes = Array("span ".utf8)
                try body.write(bytes.span)
                try body.write(Bytes(bytes.span))
                try body.write(shared)
                try body.write(shared, in: 2..<4)
                try body.write(shared, in: 5..<5)
                try body.write("")
                return .done
            }
        }
        let answer = server.answer(get("/"))
        #expect(answer["Transfer-Encoding"] == "chunked" && answer["Content-Length"] == nil)
        #expect(answer["Content-Type"] == "text/plain; charset=utf-8")
        #expect(
            String(decoding: answer.joinedChunks, as: UTF8.self)
                == "static string array span span 012345678923")
    }

    @Test(arguments: backends)
    func streamsMoreThanASocketHolds(backend: Server.Backend) throws {
        let block = SharedBytes(repeating: 7, count: 60_000)
        let server = try Server(configuration: local(backend)) { request, response in
            let declares = request.path == "/length"
            var left = 200
            response.stream(status: .accepted, length: declares ? left * block.count : nil) {
                body in
                try body.write(block)
                left -= 1
                return left == 0 ? .done : .more
            }
        }
        let answers = try server.answers([get("/length"), get("/chunked"), get("/length")])
        #expect(answers.map(\.status) == [202, 202, 202])
        #expect(answers[0]["Content-Length"] == "12000000" && answers[0].body.count == 12_000_000)
        #expect(answers[1].joinedChunks.count == 12_000_000)
        #expect(answers[2].body.allSatisfy { $0 == 7 })
    }

    @Test func endsWhereTheConnectionDoesForHTTP10() throws {
        let server = try offline { _, response in
            response.stream { body in
                try body.write("text")
                return .done
            }
        }
        let answer = server.answer("GET / HTTP/1.0\r\n\r\n")
        #expect(
            answer.text == "text" && answer["Connection"] == "close"
                && answer["Transfer-Encoding"] == nil)
    }

    @Test func doesNotCallTheProducerForHead() throws {
        let calls = Recorder<Int>()
        let ends = Recorder<Int>()
        let server = try offline { _, response in
            let witness = Witness(ends)
            response.stream(length: 10) { body in
                withExtendedLifetime(witness) { calls.record(1) }
                return .done
            }
        }
        let answer = server.answer(get("/", method: "HEAD"))
        #expect(answer["Content-Length"] == "10" && answer.body.isEmpty)
        #expect(calls.values.isEmpty && ends.values.count == 1)
    }

    @Test func refusesToWriteMoreThanWasDeclared() throws {
        let kinds = Recorder<ResponseError.Kind>()
        let server = try offline { _, response in
            response.stream(length: 4) { body in
                expect(body.capacity == 4)
                do throws(ResponseError) { try body.write("12345") } catch {
                    kinds.record(error.kind)
                }
                try body.write("1234")
                do throws(ResponseError) { try body.write("5") } catch { kinds.record(error.kind) }
                return .done
            }
        }
        #expect(server.answer(get("/")).text == "1234")
        #expect(kinds.values == [.lengthExceeded, .lengthExceeded])
    }

    @Test(arguments: [-1..<1, 5..<11, 11..<12, 10..<11])
    func refusesARangeOutsideOfSharedBytes(range: Range<Int>) throws {
        let kinds = Recorder<ResponseError.Kind>()
        let shared = SharedBytes("0123456789")
        let server = try offline { _, response in
            response.stream { body in
                do throws(ResponseError) { try body.write(shared, in: range) } catch {
                    kinds.record(error.kind)
                }
                return .done
            }
        }
        #expect(server.answer(get("/")).joinedChunks.isEmpty)
        #expect(kinds.values == [.lengthExceeded])
    }

    @Test func answersANegativeLengthWithAnError() throws {
        let server = try offline { _, response in response.stream(length: -1) { _ in .done } }
        #expect(server.answer(get("/")).status == 500)
    }

    @Test(arguments: backends)
    func cutsTheConnectionWhereTheProducerThrows(backend: Server.Backend) throws {
        let log = Recorder<String>()
        let server = try Server(configuration: local(backend, log: log)) { _, response in
            response.stream { body in
                try body.write("some")
                throw TestFailure()
            }
        }
        #expect(throws: TestError.self) { try server.answers([get("/")]) }
        #expect(log.values.contains("GET /: the producer of a body threw: as planned"))
    }

    @Test(arguments: backends)
    func waitsUntilItIsResumedFromAnotherThread(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { _, response in
            let exchange = response.handle
            var calls = 0
            response.stream { body in
                calls += 1
                try body.write("\(calls) ")
                guard calls < 4 else { return .done }
                onAnotherThread { exchange.resume() }
                return .wait
            }
        }
        let answer = try server.answers([get("/")])[0]
        #expect(String(decoding: answer.joinedChunks, as: UTF8.self) == "1 2 3 4 ")
    }

    @Test(arguments: backends)
    func releasesTheProducerWhenTheClientGoesAway(backend: Server.Backend) throws {
        let ends = Recorder<Int>()
        let server = try Server(configuration: local(backend)) { _, response in
            let witness = Witness(ends)
            response.stream { body in
                try withExtendedLifetime(witness) { try body.write("endless ") }
                return .wait
            }
        }
        #expect(throws: TestError.self) {
            try server.answers([get("/")], deadline: .milliseconds(200))
        }
        #expect(ends.values.count == 1)
    }
}
