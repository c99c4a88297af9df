// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

/// `server.test { client in ... }`: requests and whole answers.
@Suite struct TestClientTests {
    @Test(arguments: Lane.all)
    func takesAnswersApart(lane: Lane) async throws {
        let server = try lane.server { routes in
            routes.post("/notes") { request, response in
                response.headers["X-Length"] = "\(request.body.count)"
                response.send("got \(String(request.body))", status: .created)
            }
        }
        try await server.test(lane.mode) { client in
            let answer = try await client.post("/notes", body: "buy milk")
            #expect(answer.status == .created && answer.text == "got buy milk")
            #expect(answer.headers["x-length"] == "8" && answer.headers["X-LENGTH"] == "8")
            #expect(answer.headers["content-type"] == "text/plain; charset=utf-8")
            #expect(answer.headers["X-None"] == nil)
            #expect(try await client.get("/nowhere").status == .notFound)
            #expect(try await client.get("/notes").headers["Allow"]?.contains("POST") == true)
        }
    }

    @Test(arguments: Lane.all)
    func sendsEveryMethodAndItsFields(lane: Lane) async throws {
        let server = try Server(configuration: local(lane.backend)) { request, response in
            let type = request.headers["content-type"] ?? "-"
            let note = request.headers["x-note"] ?? "-"
            let (body, query) = (String(request.body), String(request.queryBytes))
            response.send("\(request.method) \(type) \(note) \(body) \(query)")
        }
        try await server.test(lane.mode) { client in
            let plain = "text/plain; charset=utf-8"
            #expect(try await client.get("/?a=b").text == "GET - -  a=b")
            #expect(try await client.post("/", body: "x").text == "POST \(plain) - x ")
            #expect(
                try await client.put(
                    "/", headers: ["X-Note": "n", "content-type": "text/csv"], body: "x"
                ).text == "PUT text/csv n x ")
            #expect(try await client.patch("/").text == "PATCH - -  ")
            #expect(try await client.delete("/").text == "DELETE - -  ")
            #expect(try await client.options("/").text == "OPTIONS - -  ")
            #expect(try await client.send(Method("PURGE"), "/").text == "PURGE - -  ")
            let head = try await client.head("/")
            #expect(head.body.isEmpty && head.headers["Content-Length"] == "10")
            #expect(
                try await client.post("/", body: .form(["a b": "c&d", "e": "ä"])).text
                    == "POST application/x-www-form-urlencoded - a+b=c%26d&e=%C3%A4 ")
            #expect(try await client.put("/", body: TestBody([0x41])).text == "PUT - - A ")
        }
    }

    @Test(arguments: Lane.all)
    func usesAConnectionAgainAndAnotherOneMeanwhile(lane: Lane) async throws {
        let entered = Recorder<Int>()
        let server = try lane.server { routes in
            routes.get("/fast") { _, response in response.send("fast") }
            routes.get("/close") { _, response in
                response.closeConnection()
                response.send("close")
            }
            // Answers once all three are there, which takes three connections.
            routes.get("/three") { _, response in
                entered.record(1)
                while entered.values.count < 3 {
                    try await Worker.current?.sleep(for: .milliseconds(1))
                }
                response.send("three")
            }
            routes.get("/accepted") { _, response in response.send("x") }
        }
        try await server.test(lane.mode) { client async throws in
            for _ in 0..<3 { #expect(try await client.get("/fast").text == "fast") }
            for _ in 0..<3 { #expect(try await client.get("/close").text == "close") }
            async let one = client.get("/three")
            async let other = client.get("/three")
            async let third = client.get("/three")
            #expect(try await [one, other, third].map(\.text) == ["three", "three", "three"])
        }
    }

    @Test(arguments: Lane.all)
    func sendsAndReceivesMuch(lane: Lane) async throws {
        let server = try Server(configuration: local(lane.backend)) { request, response in
            response.send(request.body)
        }
        let bytes = Array(String(repeating: "0123456789abcde", count: 100_000).utf8)
        try await server.test(lane.mode) { client in
            let answer = try await client.post("/", body: TestBody(bytes))
            #expect(answer.body == bytes)
            // An answer that comes before the body was sent.
            let early = try await client.post(
                "/", body: TestBody([UInt8](repeating: 1, count: 9 << 20)))
            #expect(early.status == .contentTooLarge)
            #expect(try await client.get("/").status == .ok)
        }
    }

    @Test(arguments: Lane.all)
    func readsBodiesOfEveryFraming(lane: Lane) async throws {
        for (raw, body) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
            ("HTTP/1.1 204 No Content\r\n\r\n", ""),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ""),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\nT: t\r\n\r\n",
                "hello0123456789"
            ),
            (
                "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
                "x"
            ),
        ] {
            let bytes = Array(raw.utf8)
            let server = try Server(configuration: local(lane.backend)) { _, response in
                response.sendRaw(bytes)
            }
            try await server.test(lane.mode) { client async throws in
                #expect(try await client.get("/").text == body, "\(raw)")
                #expect(try await client.get("/").text == body, "\(raw)")
            }
        }
        let untilEnd = Array("HTTP/1.1 200 OK\r\n\r\nuntil the end".utf8)
        let server = try Server(configuration: local(lane.backend)) { _, response in
            response.closeConnection()
            response.sendRaw(untilEnd)
        }
        try await server.test(lane.mode) { client async throws in
            #expect(try await client.get("/").text == "until the end")
        }
    }

    @Test(arguments: Lane.all)
    func saysWhatWentWrong(lane: Lane) async throws {
        let raws: [String: StaticString] = [
            "/closed": "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
            "/none": "no response\r\n\r\n",
            "/chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        ]
        let server = try Server(configuration: local(lane.backend)) { request, response in
            guard let raw = raws[String(request.path)] else { return response.send("fine") }
            response.closeConnection()
            response.sendRaw(Array("\(raw)".utf8))
        }
        try await server.test(lane.mode) { client async throws in
            func kind(_ target: String, _ headers: TestHeaders = [:]) async throws
                -> TestError.Kind?
            {
                try await testError { _ = try await client.post(target, headers: headers) }?.kind
            }
            #expect(try await kind("/closed") == .connectionClosed)
            #expect(try await kind("/none") == .malformedResponse)
            #expect(try await kind("/chunk") == .malformedResponse)
            #expect(try await kind("/a b") == .invalidRequest)
            #expect(try await kind("") == .invalidRequest)
            #expect(try await kind("/", ["X": "a\r\nb"]) == .invalidRequest)
            #expect(try await kind("/") == nil)
        }
    }

    @Test(arguments: Lane.all)
    func endsAtItsDeadlineAndWhenItIsCancelled(lane: Lane) async throws {
        let cancelled = Recorder<Bool>()
        let promises = Recorder<ResponseWriter.Completion>()
        defer { promises.clear() }
        let began = Recorder<Int>()
        var configuration = local(lane.backend)
        // Until who half-closes is taken for gone, as who closes a socket is.
        configuration.deadlines.halfClose = .milliseconds(10)
        let router = try Router { routes in
            routes.get("/never") { _, response in promises.record(response.sendLater()) }
            routes.get("/sleeps") { _, response in
                began.record(1)
                do {
                    try await Worker.current?.sleep(for: .seconds(60))
                } catch {
                    cancelled.record(true)
                    throw error
                }
            }
        }
        let server = try Server(configuration: configuration, router: router)
        let error = try await testError {
            try await server.test(lane.mode, deadline: .milliseconds(50)) { client in
                _ = try await client.get("/never")
            }
        }
        #expect(error?.kind == .deadlineExceeded)
        try await server.test(lane.mode) { client in
            let task = Task { try await client.get("/sleeps") }
            try await waitUntil { !began.values.isEmpty }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            // The server learns that nobody waits.
            try await waitUntil { !cancelled.values.isEmpty }
        }
    }

    @Test(arguments: Lane.all)
    func isDownAfterwards(lane: Lane) async throws {
        let ends = Recorder<Int>()
        let server = try Server(
            configuration: local(lane.backend),
            makeHandler: { _ in
                let witness = Witness(ends)
                return { _, response in
                    withExtendedLifetime(witness) { response.send("fine") }
                }
            })
        let client = try await server.test(lane.mode) { client in
            try await client.get("/")
            return client
        }
        #expect(ends.values.count == 1)
        #expect(try await testError { try await client.get("/") }?.kind == .testIsOver)
        await #expect(throws: TestFailure.self) {
            try await server.test(lane.mode) { _ in throw TestFailure() }
        }
        #expect(ends.values.count == 2)
    }

    /// Where all of Swift's threads were held up by tests, no task of a handler would run.
    @Test func holdsUpNoThreadOfSwifts() async throws {
        // ThreadSanitizer does not see liburing unmap rings, of servers that start and end beside
        // each other.
        let server = try Server(configuration: local(.epoll)) { _, response in
            let completion = response.sendLater()
            Task.detached { completion.finish { response in response.send("from a task") } }
        }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<16 {
                group.addTask {
                    if number.isMultiple(of: 4) {
                        let request = Array(get("/").utf8)
                        let raw = try await server.test([request])
                        let same = await server.handle(request)
                        return Answer(raw[0]).text == "from a task"
                            && Answer(same).text == "from a task"
                    }
                    let mode: TestMode = number.isMultiple(of: 2) ? .socket : .inProcess
                    return try await server.test(mode) { client in
                        try await client.get("/").text == "from a task"
                    }
                }
            }
            for try await isAnswered in group { #expect(isAnswered) }
        }
    }

    @Test(arguments: Lane.all)
    func runsWhereTheCallerDoes(lane: Lane) async throws {
        let server = try Server(configuration: local(lane.backend)) { _, response in
            response.send("fine")
        }
        try await Self.testsOnTheMainActor(server, lane.mode)
    }

    @MainActor private static func testsOnTheMainActor(
        _ server: Server, _ mode: TestMode
    ) async throws {
        var count = 0
        try await server.test(mode) { client in
            MainActor.assertIsolated()
            try await client.get("/")
            MainActor.assertIsolated()
            count += 1
        }
        #expect(count == 1)
    }
}
