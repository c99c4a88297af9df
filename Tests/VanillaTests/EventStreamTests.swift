// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct EventStreamTests {
    @Test func answersWithTheFieldsOfAStream() throws {
        let server = try offline { _, response in
            try response.streamEvents { stream in
                try stream.send("first")
                try stream.send(ServerSentEvent("second", event: "x", id: "2"))
                stream.close()
            }
        }
        let answer = server.answer(get("/"))
        #expect(answer.status == 200 && answer["Content-Type"] == "text/event-stream")
        #expect(answer["Cache-Control"] == "no-cache, no-transform")
        #expect(answer["Transfer-Encoding"] == "chunked" && answer["X-Accel-Buffering"] == "no")
        #expect(answer["Access-Control-Allow-Origin"] == nil)
        // Both left in one chunk.
        #expect(
            answer.text == "2a\r\ndata: first\n\nevent: x\nid: 2\ndata: second\n\n\r\n0\r\n\r\n")
    }

    @Test func answersHeadWithTheHeadAlone() throws {
        let calls = Recorder<Int>()
        let server = try offline { _, response in
            try response.streamEvents { _ in calls.record(1) }
        }
        let answer = server.answer(get("/", method: "HEAD"))
        #expect(answer.status == 200 && answer["Content-Type"] == "text/event-stream")
        #expect(answer.body.isEmpty && calls.values.isEmpty)
    }

    @Test func isNotChunkedForHTTP10() throws {
        let server = try offline { _, response in
            try response.streamEvents { stream in
                try stream.send("a")
                stream.close()
            }
        }
        let answer = server.answer("GET / HTTP/1.0\r\n\r\n")
        #expect(answer["Transfer-Encoding"] == nil && answer.text == "data: a\n\n")
    }

    @Test(arguments: [
        ("*", "*", nil), ("https://a.example", "https://a.example", "Origin"),
    ])
    func letsOtherOriginsRead(origin: String, allowed: String, vary: String?) throws {
        var options = EventStream.Options()
        options.allowedOrigin = origin
        let server = try offline { [options] _, response in
            try response.streamEvents(options) { $0.close() }
        }
        let answer = server.answer(get("/", fields: "Origin: https://a.example"))
        #expect(answer["Access-Control-Allow-Origin"] == allowed && answer["Vary"] == vary)
    }

    @Test func refusesWhatIsImpossible() throws {
        let kinds = Recorder<String>()
        let server = try offline { request, response in
            var options = EventStream.Options()
            if request.path == "/heartbeat" { options.heartbeat = .zero }
            if request.path == "/origin" { options.allowedOrigin = "a\r\nb" }
            do {
                if request.path == "/answered" { response.send("") }
                try response.streamEvents(options, backlog: request.path == "/backlog" ? 0 : 1) {
                    _ in
                    kinds.record("begun")
                }
            } catch let error as EventError {
                kinds.record("event: \(error.kind)")
            } catch let error as ResponseError { kinds.record("response: \(error.kind)") }
        }
        for path in ["/heartbeat", "/origin", "/backlog", "/answered"] {
            _ = server.answer(get(path))
        }
        #expect(
            kinds.values == [
                "event: invalidConfiguration", "response: invalidHeader",
                "event: invalidConfiguration", "response: alreadyAnswered",
            ])
    }

    @Test func takesAsMuchAsMayWaitAndNotOneByteMore() throws {
        let kinds = Recorder<EventError.Kind?>()
        let server = try offline { _, response in
            try response.streamEvents(backlog: 20) { stream in
                func attempt(_ event: ServerSentEvent) {
                    do throws(EventError) {
                        try stream.send(event)
                        kinds.record(nil)
                    } catch {
                        kinds.record(error.kind)
                    }
                }
                attempt("1234567890123")  // 21 bytes with its frame
                attempt("12345")  // 13
                attempt("")  // 8 do not fit into 7
                attempt(ServerSentEvent(comment: "123"))  // 7
                attempt(ServerSentEvent())  // 1
                attempt(ServerSentEvent("a", id: "\n"))
                stream.close()
                attempt("")
            }
        }
        #expect(server.answer(get("/")).text.contains("data: 12345\n\n: 123\n\n\r\n"))
        #expect(
            kinds.values == [
                .eventTooLarge, nil, .backlogFull, nil, .backlogFull, .invalidEvent, .streamClosed,
            ])
    }

    @Test func closesWhereItsBeginThrows() throws {
        let log = Recorder<String>()
        let server = try offline(log: log) { _, response in
            try response.streamEvents { stream in
                try stream.send("a")
                throw TestFailure()
            }
        }
        let answer = server.answer(get("/"))
        #expect(answer.joinedChunks == Array("data: a\n\n".utf8))
        #expect(answer.text.hasSuffix("0\r\n\r\n") && log.values.count == 1)
    }

    @Test func answers204ToWhoShallNotComeBack() throws {
        let server = try offline { _, response in response.send(status: .noContent) }
        #expect(server.answer(get("/", fields: "Last-Event-ID: 9")).status == 204)
    }
}

/// Over sockets, where threads meet.
@Suite struct EventStreamSocketTests {
    /// A server whose streams come to a recorder.
    private func serve(
        _ backend: Server.Backend, options: EventStream.Options = EventStream.Options(),
        backlog: Int = EventStream.defaultBacklog,
        _ body: (Server, Recorder<EventStream>) throws -> Void
    ) throws {
        let streams = Recorder<EventStream>()
        defer { streams.clear() }
        let server = try Server(configuration: local(backend)) { _, response in
            try response.streamEvents(options, backlog: backlog) { streams.record($0) }
        }
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        try body(server, streams)
    }

    @Test(arguments: backends)
    func sendsFromManyThreads(backend: Server.Backend) throws {
        try serve(backend) { server, streams in
            let client = try EventClient(port: server.port)
            #expect(streams.wait(for: 1))
            let stream = streams.values[0]
            let problems = Recorder<EventError>()
            for thread in 0..<4 {
                onAnotherThread {
                    for number in 0..<500 {
                        do throws(EventError) {
                            try stream.send(ServerSentEvent("\(number)", event: "\(thread)"))
                        } catch { problems.record(error) }
                    }
                }
            }
            #expect(client.wait { $0.events.count == 2000 })
            for thread in 0..<4 {
                let data = client.events.filter { $0.type == "\(thread)" }.map(\.data)
                #expect(data == (0..<500).map(String.init))
            }
            #expect(problems.values.isEmpty && stream.isOpen)
        }
    }

    @Test(arguments: backends)
    func isOverWhenTheClientIs(backend: Server.Backend) throws {
        try serve(backend) { server, streams in
            let ends = Recorder<Int>()
            for (number, finishes) in [true, false].enumerated() {
                let client = try EventClient(port: server.port)
                #expect(streams.wait(for: number + 1))
                let stream = streams.values[number]
                stream.onClose { ends.record(number) }
                // The end of its input is enough.
                finishes ? client.finish() : client.leave()
                #expect(ends.wait(for: number + 1))
                #expect(!stream.isOpen)
                stream.onClose { ends.record(-1) }
                #expect(ends.values.last == -1)
                #expect(throws: EventError.self) { try stream.send("late") }
                stream.close()
                ends.clear()
                for earlier in 0...number { ends.record(earlier) }
            }
        }
    }

    @Test(arguments: backends)
    func endsBehindWhatWasSent(backend: Server.Backend) throws {
        try serve(backend) { server, streams in
            let client = try EventClient(port: server.port)
            #expect(streams.wait(for: 1))
            let ends = Recorder<Int>()
            let stream = streams.values[0]
            stream.onClose { ends.record(1) }
            onAnotherThread {
                for number in 0..<100 { try? stream.send("\(number)") }
                stream.close()
                stream.close()
            }
            #expect(client.wait { $0.isComplete })
            #expect(client.data == (0..<100).map(String.init))
            #expect(ends.wait(for: 1))
        }
    }

    @Test(arguments: backends)
    func showsThatItLives(backend: Server.Backend) throws {
        var options = EventStream.Options()
        options.heartbeat = .milliseconds(20)
        try serve(backend, options: options) { server, streams in
            let client = try EventClient(port: server.port)
            #expect(client.wait { $0.parser.comments.count >= 3 })
            #expect(client.events.isEmpty)
        }
    }

    @Test(arguments: backends)
    func saysWhenToComeBackAsTheServerStops(backend: Server.Backend) throws {
        var options = EventStream.Options()
        options.retry = .milliseconds(1234)...(.milliseconds(1240))
        try serve(backend, options: options) { server, streams in
            let ends = Recorder<Int>()
            let clients = try (0..<20).map { _ in try EventClient(port: server.port) }
            #expect(streams.wait(for: 20))
            for stream in streams.values {
                try stream.send("last words")
                stream.onClose { ends.record(1) }
            }
            server.stop(within: .seconds(20))
            for client in clients {
                #expect(client.wait { $0.isComplete })
                #expect(client.data == ["last words"])
                #expect(client.parser.retry.map { 1234...1240 ~= $0 } == true)
            }
            server.wait()
            #expect(ends.values.count == 20)
        }
    }

    @Test(arguments: backends)
    func aClientThatReadsNothingCostsItsBacklogAndNoMore(backend: Server.Backend) throws {
        try serve(backend, backlog: 64 << 10) { server, streams in
            let client = try EventClient(port: server.port, receiveBuffer: 4096)
            #expect(streams.wait(for: 1))
            let stream = streams.values[0]
            let filler = String(repeating: "x", count: 16000)
            // More than the sockets hold, whatever their buffers grow to.
            var sent = 0
            var refusals: Set<EventError.Kind> = []
            for _ in 0..<1500 {
                do throws(EventError) {
                    try stream.send(ServerSentEvent("\(sent) " + filler))
                    sent += 1
                } catch { refusals.insert(error.kind) }
            }
            #expect(sent < 1500 && refusals == [.backlogFull] && stream.isOpen)
            // What was taken comes, and nothing else.
            #expect(client.wait { $0.events.count == sent })
            #expect(client.data.map { $0.prefix { $0 != " " } } == (0..<sent).map { "\($0)" })
        }
    }

    /// The worker is kept in the handler while others find the backlog full.
    @Test(arguments: backends)
    func waitsForRoom(backend: Server.Backend) throws {
        let outcomes = Recorder<String>()
        let executor = QueueExecutor()
        let server = try Server(configuration: local(backend)) { request, response in
            try response.streamEvents(backlog: 1000) { stream in
                try stream.send(ServerSentEvent(String(repeating: "x", count: 900)))
                let wanted = ServerSentEvent(String(repeating: "y", count: 500))
                let cancelled = Task(executorPreference: executor) {
                    do { try await stream.sendWhenReady(wanted) } catch is CancellationError {
                        outcomes.record("cancelled")
                    }
                }
                cancelled.cancel()
                Task(executorPreference: executor) {
                    let tooLarge = ServerSentEvent(String(repeating: "y", count: 1000))
                    do { try await stream.sendWhenReady(tooLarge) } catch let error as EventError {
                        outcomes.record("\(error.kind)")
                    }
                }
                #expect(outcomes.wait(for: 2))
                if request.path == "/close" {
                    Task(executorPreference: executor) {
                        do { try await stream.sendWhenReady(wanted) } catch let error
                            as EventError
                        {
                            outcomes.record("\(error.kind)")
                        }
                    }
                    return stream.close()
                }
                Task(executorPreference: executor) {
                    for number in 0..<200 {
                        try await stream.sendWhenReady(ServerSentEvent("\(number)"))
                    }
                    stream.close()
                }
            }
        }
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        let client = try EventClient(port: server.port)
        #expect(client.wait { $0.isComplete })
        #expect(client.data.dropFirst().elementsEqual((0..<200).map(String.init)))
        #expect(Set(outcomes.values) == ["cancelled", "eventTooLarge"])

        outcomes.clear()
        let closed = try EventClient(port: server.port, target: "/close")
        #expect(closed.wait { $0.isComplete } && closed.events.count == 1)
        #expect(outcomes.wait(for: 3) && outcomes.values.last == "streamClosed")
    }
}
