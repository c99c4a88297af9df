// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

/// Answers that are read as they come, and connections for bytes of the test's own.
@Suite struct TestStreamTests {
    @Test(arguments: Lane.all)
    func deliversPiecesAsTheyAreWritten(lane: Lane) async throws {
        let exchanges = Recorder<ResponseWriter.Handle>()
        defer { exchanges.clear() }
        let server = try lane.server { routes in
            routes.get("/") { _, response in
                exchanges.record(response.handle)
                var number = 0
                response.stream { body in
                    number += 1
                    try body.write("piece \(number)")
                    return number == 3 ? .done : .wait
                }
            }
        }
        try await server.test(lane.mode) { client in
            let answer = try await client.stream("/")
            #expect(answer.status == .ok && answer.headers["Transfer-Encoding"] == "chunked")
            var pieces: [String] = []
            for try await piece in answer {
                pieces.append(String(decoding: piece, as: UTF8.self))
                // The next piece is written once this one was seen.
                exchanges.values[0].resume()
            }
            #expect(pieces == ["piece 1", "piece 2", "piece 3"])
            #expect(try await answer.next() == nil)
        }
    }

    @Test(arguments: Lane.all)
    func makesTheServerWaitAndTellsItWhenNobodyReads(lane: Lane) async throws {
        let block = [UInt8](repeating: 7, count: 64 << 10)
        let written = Recorder<Int>()
        let ends = Recorder<Int>()
        let server = try lane.server { routes in
            routes.get("/endless") { _, response in
                let witness = Witness(ends)
                response.stream { body in
                    try withExtendedLifetime(witness) { try body.write(block) }
                    written.record(1)
                    return .more
                }
            }
            routes.get("/") { _, response in response.send("fine") }
        }
        try await server.test(lane.mode) { client in
            let answer = try await client.stream("/endless")
            for _ in 0..<20 { #expect(try await client.get("/").text == "fine") }
            var count = 0
            while count < 2 << 20, let piece = try await answer.next() { count += piece.count }
            #expect(count >= 2 << 20)
            // What the sockets, the server and the test hold is bounded.
            #expect(written.values.count < 64 << 4)
            answer.close()
            #expect(try await testError { _ = try await answer.next() }?.kind == .connectionClosed)
            try await waitUntil { !ends.values.isEmpty }
        }
    }

    @Test(arguments: Lane.all)
    func collectsUpToALimit(lane: Lane) async throws {
        let server = try Server(configuration: local(lane.backend)) { _, response in
            response.send(String(repeating: "x", count: 1000))
        }
        try await server.test(lane.mode) { client in
            #expect(try await client.stream("/").collect().count == 1000)
            let error = try await testError {
                _ = try await client.stream("/").collect(upTo: 999)
            }
            #expect(error?.kind == .malformedResponse)
        }
    }

    @Test(arguments: Lane.all)
    func sendsWhatAClientWouldNot(lane: Lane) async throws {
        let server = try lane.server { routes in
            routes.post("/count", body: .streamed) { _, response in
                var count = 0
                response.receiveBody { piece, response in
                    count += piece.bytes.count
                    if piece.isLast { response.send("\(count)") }
                    return .more
                }
            }
            routes.get("/") { _, response in response.send("fine") }
        }
        try await server.test(lane.mode) { client async throws in
            let connection = client.connect()
            connection.send("POST /count HTTP/1.1\r\nHost: a\r\nContent-Le")
            connection.send("ngth: 5\r\n\r\nhe")
            connection.send(Array("llo".utf8))
            #expect(try await connection.readResponse().text == "5")
            // Several at once.
            connection.send(get("/") + get("/nowhere") + get("/", method: "HEAD") + get("/"))
            #expect(try await connection.readResponse().text == "fine")
            #expect(try await connection.readResponse().status == .notFound)
            #expect(try await connection.readResponse(answersHead: true).body.isEmpty)
            #expect(try await connection.readResponse().text == "fine")
            // A client that has said all still gets its answer.
            connection.send(get("/"))
            connection.finish()
            #expect(try await connection.readResponse().text == "fine")
            #expect(try await connection.readBytes() == nil)

            let broken = client.connect()
            broken.send("GET\r\n\r\n")
            #expect(try await broken.readResponse().status == .badRequest)
        }
    }

    @Test(arguments: Lane.all)
    func learnsThatTheServerCloses(lane: Lane) async throws {
        var configuration = local(lane.backend)
        configuration.deadlines.idle = .milliseconds(20)
        let server = try Server(configuration: configuration) { request, response in
            if request.path == "/close" { response.closeConnection() }
            response.send("fine")
        }
        try await server.test(lane.mode) { client in
            for target in ["/", "/close"] {
                let connection = client.connect()
                connection.send(get(target))
                #expect(try await connection.readResponse().text == "fine")
                #expect(try await connection.readBytes() == nil)
            }
            // One that was closed while it was idle is not used again.
            for _ in 0..<3 {
                try await client.get("/")
                let other = client.connect()
                other.send(get("/"))
                while try await other.readBytes() != nil {}
            }
        }
    }

    @Test(arguments: Lane.all)
    func isReadByOneTaskAtATime(lane: Lane) async throws {
        let promises = Recorder<ResponseWriter.Completion>()
        defer { promises.clear() }
        let server = try Server(configuration: local(lane.backend)) { _, response in
            promises.record(response.sendLater())
        }
        try await server.test(lane.mode) { client in
            let connection = client.connect()
            connection.send(get("/"))
            let texts = Recorder<String>()
            let kinds = Recorder<TestError.Kind>()
            let tasks = (0..<2).map { _ in
                Task {
                    do {
                        texts.record(try await connection.readResponse().text)
                    } catch let error as TestError {
                        kinds.record(error.kind)
                    }
                }
            }
            // One of both is told at once; then the other one is answered.
            try await waitUntil { !(kinds.values.isEmpty || promises.values.isEmpty) }
            promises.values.first?.finish { response in response.send("fine") }
            for task in tasks { try await task.value }
            #expect(texts.values == ["fine"] && kinds.values == [.inUse])
        }
    }
}
