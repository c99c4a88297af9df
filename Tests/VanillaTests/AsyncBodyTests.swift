// SPDX-License-Identifier: MIT

import Synchronization
import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

/// What is to be let go by a test.
private final class Gate: Sendable {
    private let waiting = Recorder<UnsafeContinuation<Void, Never>>()

    func pass() async {
        await withUnsafeContinuation { waiting.record($0) }
    }

    var isWaitedAt: Bool { !waiting.values.isEmpty }

    /// On a thread that may block.
    func waitForHandler() -> Bool { waiting.wait(for: 1) }

    func open() {
        for continuation in waiting.values { continuation.resume() }
        waiting.clear()
    }
}

private func chunked(_ pieces: [String], target: String, trailers: String = "") -> String {
    let chunks = pieces.map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }.joined()
    return "POST \(target) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)"
        + "0\r\n\(trailers)\r\n"
}

private func beginning(_ target: String, _ count: Int, _ fields: String = "") -> String {
    "POST \(target) HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\(fields)\r\n"
}

/// The name of the error that `body` throws; "none" where it throws none.
private func failure(
    _ body: nonisolated(nonsending) () async throws -> Void
) async -> String {
    do {
        try await body()
        return "none"
    } catch let error as BodyError {
        return "\(error.kind)"
    } catch {
        return "\(type(of: error))"
    }
}

@Sendable private func addCounting(_ routes: inout Routes) {
    for (path, body) in [("/streamed", Request.BodyDelivery.streamed), ("/whole", .whole)] {
        routes.post(path, body: body) { request, response in
            var (text, pieces) = ([UInt8](), 0)
            for try await piece in request.bodyStream {
                text += piece
                pieces += 1
            }
            response.headers["X-Pieces"] = "\(pieces)"
            response.send(text)
        }
    }
    routes.post("/late", body: .streamed) { request, response in
        // What comes meanwhile waits.
        try await Worker.current!.sleep(for: .milliseconds(2))
        var text: [UInt8] = []
        for try await piece in request.bodyStream {
            text += piece
            try await Worker.current!.sleep(for: .milliseconds(1))
        }
        response.send(text)
    }
    routes.get("/") { _, response in response.send("fine") }
}

@Suite struct AsyncBodyTests {
    @Test(arguments: Lane.all, ["/streamed", "/whole", "/late"])
    func takesEveryPieceInOrder(lane: Lane, path: String) async throws {
        let long = (0..<60_000).map { "\($0)," }.joined()
        try await lane.server(addCounting).test(lane.mode) { client async throws in
            for text in ["", "x", "hello", long] {
                let answer = try await client.post(path, body: .text(text))
                #expect(answer.status == .ok && answer.text == text)
            }
            let connection = client.connect()
            // With trailers, and with a request behind.
            connection.send(
                chunked(["hel", "lo", long], target: path, trailers: "X-Sum: 7\r\n") + get("/"))
            #expect(try await connection.readResponse().text == "hello" + long)
            #expect(try await connection.readResponse().text == "fine")
            connection.send(chunked([], target: path) + get("/"))
            #expect(try await connection.readResponse().text == "")
            #expect(try await connection.readResponse().text == "fine")
        }
    }

    @Test(arguments: backends)
    func readsNoMoreWhileNobodyTakesPieces(backend: Server.Backend) throws {
        let (begin, middle) = (Gate(), Gate())
        let server = try Lane(mode: .socket, backend: backend).server { routes in
            addCounting(&routes)
            routes.post("/", body: .streamed) { request, response in
                await begin.pass()
                var count = 0
                for try await piece in request.bodyStream {
                    if count == 0 { await middle.pass() }
                    count += piece.count
                }
                response.send("\(count)")
            }
        }
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        let client = try RawClient(port: server.port)
        let body = String(repeating: "x", count: 4 << 20)
        let sent = Recorder<Bool>()
        let sender = Unchecked(value: client)
        onAnotherThread {
            let request = beginning("/", body.utf8.count) + body
            sent.record((try? sender.value.send(request)) != nil)
        }
        for gate in [begin, middle] {
            #expect(gate.waitForHandler())
            // Turns of the worker, in which it could read.
            for _ in 0..<10 {
                #expect(try exchange(get("/"), port: server.port).text == "fine")
            }
            #expect(server.statistics.bytesReceived < 1 << 20)
            gate.open()
        }
        #expect(client.wait(for: "\r\n\r\n\(4 << 20)"))
        #expect(sent.wait(for: 1) && sent.values == [true])
    }

    @Test(arguments: Lane.all)
    func asksForABodyThatIsHeldBackWhenItIsWanted(lane: Lane) async throws {
        let gate = Gate()
        let server = try lane.server { routes in
            routes.post("/wanted", body: .streamed) { request, response in
                await gate.pass()
                try await request.collectBody(upTo: 100)
                response.send(request.body)
            }
            routes.post("/refused", body: .streamed) { request, response in
                try await Worker.current!.sleep(for: .milliseconds(1))
                throw RequestError(.unauthorized)
            }
            routes.post("/large", body: .streamed) { request, response in
                try await request.collectBody(upTo: 4)
            }
        }
        try await server.test(lane.mode) { client async throws in
            let connection = client.connect()
            connection.send(beginning("/wanted", 5, "Expect: 100-continue\r\n"))
            try await waitUntil { gate.isWaitedAt }
            gate.open()
            let interim = try await connection.readBytes() ?? []
            #expect(String(decoding: interim, as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
            connection.send("hello")
            #expect(try await connection.readResponse().text == "hello")
            for (path, status) in [("/refused", Status.unauthorized), ("/large", .contentTooLarge)]
            {
                let connection = client.connect()
                connection.send(beginning(path, 5, "Expect: 100-continue\r\n"))
                let bytes = try await connection.readBytes() ?? []
                let answer = Answer(bytes)
                #expect(answer.status == status.code && answer["Connection"] == "close")
            }
        }
    }

    @Test(arguments: Lane.all, [Request.BodyDelivery.streamed, .whole])
    func collectsUpToALimit(lane: Lane, body: Request.BodyDelivery) async throws {
        let server = try lane.server { routes in
            routes.post("/", body: body) { request, response in
                await Task.yield()
                let first = String(try await request.collectBody(upTo: 8))
                // Again, and what it is then.
                let second = String(try await request.collectBody(upTo: 8))
                var pieces = ""
                for try await piece in request.bodyStream {
                    pieces += String(decoding: piece, as: UTF8.self)
                }
                let form = try? request.form()["a"]
                let all = [first, second, pieces, String(request.body)]
                response.send(
                    Set(all).count == 1 ? "\(first) \(form ?? "none")" : "\(all)")
            }
        }
        try await server.test(lane.mode) { client async throws in
            let connection = client.connect()
            for (text, expected) in [
                ("12345678", "12345678 none"), ("", " none"),
            ] {
                connection.send(post("/", text))
                #expect(try await connection.readResponse().text == expected)
                connection.send(chunked(text.map { "\($0)" }, target: "/"))
                #expect(try await connection.readResponse().text == expected)
            }
            #expect(try await client.post("/", body: .form(["a": "b"])).text == "a=b b")
            for request in [
                post("/", "123456789"), chunked(["1234", "5678", "9"], target: "/"),
            ] {
                let connection = client.connect()
                connection.send(request)
                let answer = try await connection.readResponse()
                #expect(answer.status == .contentTooLarge)
                #expect(answer.text == "The body has more than 8 bytes.")
            }
        }
    }

    @Test(arguments: Lane.all)
    func mayAnswerBeforeTheBodyHasCome(lane: Lane) async throws {
        let after = Recorder<String>()
        let server = try lane.server { routes in
            addCounting(&routes)
            routes.post("/first", body: .streamed) { request, response in
                for try await piece in request.bodyStream {
                    response.send(piece)
                    break
                }
                after.record(await failure { for try await _ in request.bodyStream {} })
                after.record(await failure { try await request.collectBody(upTo: 1) })
            }
            routes.post("/none", body: .streamed) { (_, response) async in response.send("none") }
        }
        try await server.test(lane.mode) { client async throws in
            let connection = client.connect()
            connection.send(beginning("/first", 10) + "begin")
            try await waitUntil { after.values.count == 2 }
            connection.send("12345" + get("/"))
            #expect(try await connection.readResponse().text == "begin")
            #expect(try await connection.readResponse().text == "fine")
            #expect(after.values == ["alreadyAnswered", "alreadyTaken"])
            // As where it is not taken at all: what is short is read first, what is long is not.
            connection.send(post("/none", "short") + get("/"))
            #expect(try await connection.readResponse().text == "none")
            #expect(try await connection.readResponse().text == "fine")
            connection.send(beginning("/none", 100 << 20))
            let answer = try await connection.readResponse()
            #expect(answer.text == "none" && answer.headers["Connection"] == "close")
        }
    }

    /// A receiver goes on to its end, with the fields that its handler has added.
    @Test(arguments: Lane.all)
    func letsAReceiverAnswerWhenItsHandlerHasReturned(lane: Lane) async throws {
        let log = Recorder<String>()
        let server = try lane.server(log: log) { routes in
            routes.group { routes in
                routes.use { request, response, next in
                    await Task.yield()
                    response.headers["X-Before"] = "1"
                    try await next(request, &response)
                }
                let ways = [("/streamed", Request.BodyDelivery.streamed), ("/whole", .whole)]
                for (path, body) in ways {
                    routes.post(path, body: body) { (request, response) throws in
                        var count = 0
                        response.receiveBody { piece, response in
                            count += piece.bytes.count
                            if piece.isLast { response.send("\(count)") }
                            return .more
                        }
                    }
                }
            }
            routes.post("/silent", body: .streamed) { (_, response) async in
                response.receiveBody { _, _ in .more }
            }
            routes.post("/later") { (_, response) async in
                let completion = response.sendLater()
                onAnotherThread { completion.finish { response in response.send("later") } }
            }
        }
        try await server.test(lane.mode) { client async throws in
            for path in ["/streamed", "/whole"] {
                for count in [0, 5, 300_000] {
                    let text = String(repeating: "x", count: count)
                    let answer = try await client.post(path, body: .text(text))
                    #expect(answer.text == "\(count)" && answer.headers["X-Before"] == "1")
                }
            }
            #expect(log.values.isEmpty)
            for text in ["", "text"] {
                let answer = try await client.post("/silent", body: .text(text))
                #expect(answer.status == .internalServerError)
            }
            #expect(log.values.count == 2)
            #expect(try await client.post("/later").text == "later")
        }
    }

    @Test(arguments: Lane.all)
    func throwsWhenTheBodyWillNotBeComplete(lane: Lane) async throws {
        let ends = Recorder<String>()
        let begun = Recorder<Int>()
        let gate = Gate()
        func shorten(_ configuration: inout Server.Configuration) {
            configuration.limits.streamedBody = 1000
            configuration.deadlines.bodyGrace = .milliseconds(50)
            configuration.deadlines.handler = .milliseconds(200)
        }
        let server = try lane.server(configure: shorten) { routes in
            routes.post("/stream", body: .streamed) { request, response in
                ends.record(
                    await failure {
                        for try await _ in request.bodyStream { begun.record(1) }
                    })
            }
            routes.post("/collect", body: .streamed) { request, response in
                begun.record(1)
                ends.record(await failure { try await request.collectBody(upTo: 5000) })
            }
            routes.post("/wait", body: .streamed) { request, response in
                await gate.pass()
                ends.record(await failure { try await request.collectBody(upTo: 5000) })
            }
        }
        try await server.test(lane.mode) { client async throws in
            for path in ["/stream", "/collect"] {
                // It goes.
                let leaving = client.connect()
                leaving.send(beginning(path, 10) + "begin")
                try await waitUntil { !begun.values.isEmpty }
                leaving.close()
                try await waitUntil { ends.values.count == 1 }
                for (request, status) in [
                    (beginning(path, 10) + "begin", 408),
                    (chunked([String(repeating: "x", count: 1001)], target: path), 413),
                    (chunked([], target: path).replacing("\r\n\r\n0", with: "\r\n\r\nx"), 400),
                ] {
                    let connection = client.connect()
                    connection.send(request)
                    #expect(try await connection.readResponse().status.code == status)
                    connection.close()
                }
                try await waitUntil { ends.values.count == 4 }
                #expect(ends.values == Array(repeating: "CancellationError", count: 4))
                ends.clear()
                begun.clear()
            }
            // Nobody wants it for too long, which is not the client's fault.
            let connection = client.connect()
            connection.send(beginning("/wait", 10) + "begin")
            #expect(try await connection.readResponse().status == .serviceUnavailable)
            gate.open()
            try await waitUntil { ends.values == ["CancellationError"] }
        }
    }

    @Test(arguments: Lane.all)
    func endsWithTheServer(lane: Lane) async throws {
        let (begun, ends) = (Recorder<Int>(), Recorder<String>())
        let server = try lane.server { routes in
            routes.post("/", body: .streamed) { request, response in
                begun.record(1)
                ends.record(await failure { for try await _ in request.bodyStream {} })
            }
        }
        try await server.test(lane.mode) { client async throws in
            let connection = client.connect()
            connection.send(beginning("/", 10) + "begin")
            try await waitUntil { !begun.values.isEmpty }
        }
        #expect(ends.values == ["CancellationError"])
    }

    @Test(arguments: Lane.all)
    func refusesMistakes(lane: Lane) async throws {
        let kept = Recorder<Unchecked<Request.BodyStream>>()
        let server = try lane.server { routes in
            routes.post("/received", body: .streamed) { request, response in
                response.receiveBody { piece, response in
                    if piece.isLast { response.send("received") }
                    return .more
                }
                response.headers["X-Failure"] = await failure {
                    for try await _ in request.bodyStream {}
                }
            }
            routes.post("/ignored", body: .ignored) { request, response in
                response.send(await failure { try await request.collectBody(upTo: 10) })
            }
            routes.post("/begun", body: .streamed) { request, response in
                for try await _ in request.bodyStream { break }
                response.send(await failure { try await request.collectBody(upTo: 10) })
            }
            routes.post("/elsewhere", body: .streamed) { request, response in
                let queue = QueueExecutor()
                let found = await withTaskExecutorPreference(queue) {
                    await failure { for try await _ in request.bodyStream {} }
                }
                var count = 0
                for try await piece in request.bodyStream { count += piece.count }
                response.send("\(found) \(count)")
            }
            routes.post("/kept", body: .streamed) { (request, response) async in
                kept.record(Unchecked(value: request.bodyStream))
                response.send("kept")
            }
            routes.post("/use") { request, response in
                response.send(
                    await failure { for try await _ in kept.values[0].value {} })
            }
        }
        try await server.test(lane.mode) { client async throws in
            for (path, expected) in [
                ("/ignored", "ignored"), ("/begun", "alreadyTaken"),
                ("/elsewhere", "notOnWorker 4"), ("/kept", "kept"), ("/use", "notInHandler"),
            ] {
                #expect(try await client.post(path, body: "text").text == expected, "\(path)")
            }
            let answer = try await client.post("/received", body: "text")
            #expect(answer.text == "received" && answer.headers["X-Failure"] == "alreadyTaken")
        }
    }
}

/// What the compiler would not let out of its place.
private struct Unchecked<Value>: @unchecked Sendable {
    let value: Value
}
