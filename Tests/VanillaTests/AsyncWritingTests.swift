// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

/// The name of the error that `body` throws; "none" where it throws none.
private func failure(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "none"
    } catch {
        return name(of: error)
    }
}

private func name(of error: any Error) -> String {
    (error as? ResponseError).map { "\($0.kind)" } ?? "\(type(of: error))"
}

@Suite struct AsyncWritingTests {
    @Test(arguments: Lane.all)
    func writesEveryKindOfPiece(lane: Lane) async throws {
        let shared = SharedBytes("0123456789")
        let server = try lane.server { routes in
            routes.get("/:length") { request, response in
                let length = try request.parameters.require("length", as: Int.self)
                response.headers["X-Before"] = "1"
                try response.begin(
                    status: .accepted, contentType: .text, length: length == 0 ? nil : length)
                try await response.write("static ")
                try await response.write("str" + "ing ")
                try await response.write(Array("array ".utf8))
                let bytes = Array("span ".utf8)
                try await response.write(Bytes(bytes.span))
                await Task.yield()
                try await response.write(shared)
                try await response.write(shared, in: 2..<4)
                try await response.write("")
            }
        }
        let text = "static string array span 012345678923"
        try await server.test(lane.mode) { client async throws in
            for length in [0, text.utf8.count, 0] {
                let answer = try await client.get("/\(length)")
                #expect(answer.status == .accepted && answer.text == text)
                #expect(answer.headers["Content-Type"] == "text/plain; charset=utf-8")
                #expect(answer.headers["X-Before"] == "1")
                #expect(answer.headers["Content-Length"] == (length == 0 ? nil : "\(length)"))
            }
            // In order, those behind it too, and to HTTP/1.0 by the close.
            let connection = client.connect()
            connection.send(get("/0") + get("/\(text.utf8.count)") + "GET /0 HTTP/1.0\r\n\r\n")
            for _ in 0..<3 { #expect(try await connection.readResponse().text == text) }
            #expect(try await connection.readBytes() == nil)
        }
    }

    @Test(arguments: Lane.all)
    func leavesWhenItIsWritten(lane: Lane) async throws {
        let steps = Recorder<Int>()
        let server = try lane.server { routes in
            routes.get("/") { _, response in
                try response.begin(contentType: .text)
                for number in 1...3 {
                    while steps.values.count < number { await Task.yield() }
                    try await response.write("\(number)")
                }
                try response.finish()
                while steps.values.count < 4 { await Task.yield() }
            }
        }
        try await server.test(lane.mode) { client async throws in
            let answer = try await client.stream("/")
            #expect(answer.headers["Transfer-Encoding"] == "chunked")
            for number in 1...3 {
                steps.record(number)
                #expect(try await answer.next() == Array("\(number)".utf8))
            }
            // It is complete before its handler has returned.
            #expect(try await answer.next() == nil)
            steps.record(4)
        }
    }

    @Test(arguments: Lane.all)
    func waitsForAClientThatReadsSlowlyAndEndsWhenItIsGone(lane: Lane) async throws {
        let block = [UInt8](repeating: 7, count: 40_000)
        let (written, ends) = (Recorder<Int>(), Recorder<String>())
        let server = try lane.server { routes in
            routes.get("/endless") { _, response in
                try response.begin()
                do {
                    while true {
                        try await response.write(block)
                        written.record(1)
                    }
                } catch {
                    ends.record(name(of: error))
                    throw error
                }
            }
            routes.get("/") { _, response in response.send("fine") }
        }
        let log = Recorder<String>()
        try await server.test(lane.mode) { client async throws in
            let answer = try await client.stream("/endless")
            for _ in 0..<20 { #expect(try await client.get("/").text == "fine") }
            var count = 0
            while count < 2 << 20, let piece = try await answer.next() { count += piece.count }
            #expect(count >= 2 << 20)
            // What the sockets, the server and the test hold is bounded.
            #expect(written.values.count < 64 << 4)
            answer.close()
            try await waitUntil { !ends.values.isEmpty }
        }
        #expect(ends.values == ["CancellationError"] && log.values.isEmpty)
    }

    @Test(arguments: Lane.all)
    func writesMoreThanASocketHolds(lane: Lane) async throws {
        let block = SharedBytes(repeating: 7, count: 60_000)
        let large = [UInt8](repeating: 8, count: 1_000_000)
        let server = try lane.server { routes in
            routes.get("/shared") { _, response in
                try response.begin(length: 50 * block.count)
                for _ in 0..<50 { try await response.write(block) }
            }
            routes.get("/large") { _, response in
                try response.begin()
                try await response.write(large)
                try await response.write(String(repeating: "x", count: 300_000))
            }
        }
        try await server.test(lane.mode) { client async throws in
            #expect(try await client.get("/shared").body.count == 3_000_000)
            let body = try await client.get("/large").body
            #expect(body.count == 1_300_000 && body.prefix(1_000_000).allSatisfy { $0 == 8 })
        }
    }

    /// Both ways at the same time.
    @Test(arguments: Lane.all)
    func writesWhatComes(lane: Lane) async throws {
        let server = try lane.server { routes in
            routes.post("/echo", body: .streamed) { request, response in
                try response.begin()
                for try await piece in request.bodyStream { try await response.write(piece) }
            }
        }
        let text = (0..<200_000).map { "\($0)," }.joined()
        try await server.test(lane.mode) { client async throws in
            #expect(try await client.post("/echo", body: .text(text)).text == text)
            #expect(try await client.post("/echo", body: "").text == "")
            let connection = client.connect()
            connection.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nbegin")
            var got = ""
            while !got.contains("begin") {
                got += String(decoding: try await connection.readBytes() ?? [], as: UTF8.self)
            }
            connection.send("-ends" + get("/nowhere"))
            while !got.contains("404") {
                got += String(decoding: try await connection.readBytes() ?? [], as: UTF8.self)
            }
            #expect(got.contains("5\r\n-ends\r\n0\r\n\r\nHTTP/1.1 404 Not Found"))
        }
    }

    @Test(arguments: Lane.all)
    func answersHeadByTheHead(lane: Lane) async throws {
        let log = Recorder<String>()
        let ends = Recorder<String>()
        let server = try lane.server(log: log) { routes in
            routes.get("/endless") { _, response in
                try response.begin(contentType: .text)
                do {
                    while true { try await response.write("endless ") }
                } catch {
                    ends.record(name(of: error))
                    throw error
                }
            }
            routes.get("/empty") { _, response in
                try response.begin(status: .noContent)
                await Task.yield()
                try response.finish()
            }
        }
        try await server.test(lane.mode) { client async throws in
            let connection = client.connect()
            connection.send(get("/endless", method: "HEAD") + get("/empty") + get("/nowhere"))
            let head = try await connection.readResponse(answersHead: true)
            #expect(head.status == .ok && head.headers["Transfer-Encoding"] == "chunked")
            #expect(try await connection.readResponse().status == .noContent)
            #expect(try await connection.readResponse().status == .notFound)
            try await waitUntil { !ends.values.isEmpty }
        }
        #expect(ends.values == ["CancellationError"] && log.values.isEmpty)
    }

    @Test(arguments: Lane.all)
    func cutsWhatIsNotComplete(lane: Lane) async throws {
        let log = Recorder<String>()
        let server = try lane.server(log: log) { routes in
            routes.get("/throws") { _, response in
                try response.begin()
                try await response.write("some")
                throw TestFailure()
            }
            routes.get("/short") { _, response in
                try response.begin(length: 10)
                try await response.write("some")
            }
            routes.get("/finished") { _, response in
                try response.begin(length: 10)
                try await response.write("some")
                try response.finish()
            }
        }
        try await server.test(lane.mode) { client async throws in
            for path in ["/throws", "/short", "/finished"] {
                let error = try await testError { _ = try await client.get(path) }
                #expect(error?.kind == .connectionClosed, "\(path)")
            }
        }
        #expect(log.values.count == 3)
        #expect(log.values.contains { $0.hasSuffix("a handler threw: as planned") })
        #expect(log.values.contains { $0.hasSuffix("the body that it has declared") })
        #expect(log.values.contains { $0.contains("before it had the length") })
    }

    @Test(arguments: Lane.all)
    func refusesMistakes(lane: Lane) async throws {
        let failures = Recorder<String>()
        let log = Recorder<String>()
        let server = try lane.server(log: log) { routes in
            routes.get("/early") { _, response in
                do { try await response.write("text") } catch { failures.record(name(of: error)) }
                failures.record(failure { try response.finish() })
                failures.record(failure { try response.begin(length: -1) })
                response.send("sent")
                do { try await response.write("text") } catch { failures.record(name(of: error)) }
                failures.record(failure { try response.begin() })
            }
            routes.get("/late") { _, response in
                try response.begin(length: 4)
                failures.record(failure { try response.begin() })
                do { try await response.write("text!") } catch { failures.record(name(of: error)) }
                try await response.write("text")
                do { try await response.write("!") } catch { failures.record(name(of: error)) }
                try response.finish()
                response.send("more")
            }
            routes.get("/finished") { _, response in
                try response.begin()
                try await response.write("text")
                try response.finish()
                try response.finish()
                do { try await response.write("!") } catch { failures.record(name(of: error)) }
            }
            routes.get("/elsewhere") { _, response in
                try response.begin()
                let queue = QueueExecutor()
                await withTaskExecutorPreference(queue) {
                    do { try await response.write("!") } catch { failures.record(name(of: error)) }
                }
                try await response.write("text")
            }
        }
        try await server.test(lane.mode) { client async throws in
            #expect(try await client.get("/early").text == "sent")
            #expect(
                failures.values == [
                    "notBegun", "notBegun", "invalidContent", "notBegun",
                    "alreadyAnswered",
                ])
            failures.clear()
            #expect(try await client.get("/late").text == "text")
            #expect(failures.values == ["alreadyAnswered", "lengthExceeded", "lengthExceeded"])
            failures.clear()
            #expect(log.values.count == 1 && log.values[0].contains("send was called"))
            #expect(try await client.get("/finished").text == "text")
            #expect(failures.values == ["notBegun"])
            #expect(try await client.get("/elsewhere").text == "text")
            #expect(failures.values == ["notBegun", "notOnWorker"])
        }
    }

    @Test(arguments: Lane.all)
    func endsWithTheServer(lane: Lane) async throws {
        let ends = Recorder<String>()
        let server = try lane.server { routes in
            routes.get("/") { _, response in
                try response.begin()
                do { try await Worker.current!.sleep(for: .seconds(100)) } catch {
                    ends.record(name(of: error))
                }
            }
        }
        try await server.test(lane.mode) { client in _ = try await client.stream("/") }
        #expect(ends.values == ["CancellationError"])
    }
}
