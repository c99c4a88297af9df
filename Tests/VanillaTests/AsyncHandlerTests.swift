// SPDX-License-Identifier: MIT

import CLibrary
import Synchronization
import Testing
import Vanilla
import VanillaTestSupport

/// Goes to another thread and comes back.
private func elsewhere() async {
    await withCheckedContinuation { continuation in
        onAnotherThread { continuation.resume() }
    }
}

/// A server whose router has asynchronous routes.
private func server(
    _ backend: Server.Backend? = nil, log: Recorder<String>? = nil,
    handler: Duration = .seconds(30), halfClose: Duration? = .milliseconds(500),
    _ routes: @escaping @Sendable (inout Routes) -> Void
) throws -> Server {
    var configuration = local(backend, log: log)
    configuration.deadlines.handler = handler
    configuration.deadlines.halfClose = halfClose
    return try Server(configuration: configuration, router: Router(routes))
}

@Suite struct AsyncHandlerTests {
    @Test(arguments: backends)
    func staysOnItsWorkersThread(backend: Server.Backend) throws {
        let server = try server(backend) { routes in
            let worker = threadNumber()
            routes.get("/") { _, response in
                var threads = [threadNumber()]
                await elsewhere()
                threads.append(threadNumber())
                try await Task.sleep(for: .milliseconds(1))
                threads.append(threadNumber())
                try await Worker.current?.sleep(for: .milliseconds(1))
                threads.append(threadNumber())
                await Task.yield()
                threads.append(threadNumber())
                async let child = threadNumber()
                threads.append(await child)
                let isAlone = threads.allSatisfy { $0 == worker }
                response.send(isAlone && Worker.current != nil ? "one thread" : "\(threads)")
            }
        }
        #expect(
            try server.answers([get("/"), get("/")]).map(\.text) == ["one thread", "one thread"])
    }

    @Test(arguments: backends)
    func keepsItsRequest(backend: Server.Backend) throws {
        let server = try server(backend) { routes in
            routes.post("/teams/:team/*rest") { request, response in
                await elsewhere()
                let team = try request.parameters.require("team", as: String.self)
                let rest = try request.parameters.require("rest", as: String.self)
                let (method, query) = (String(request.methodName), String(request.queryBytes))
                let field = request.headers["X-A"] ?? ""
                response.send(
                    [method, team, rest, field, query, String(request.body)].joined(separator: " "))
            }
        }
        let body = String(repeating: "b", count: 100_000)
        let requests = [
            ("one", "short"), ("two", ""), ("three", body),
        ].map { team, body in
            "POST /teams/\(team)/x/y?q=1 HTTP/1.1\r\nHost: a\r\nX-A: \(team)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }
        let expected = [
            "POST one x/y one q=1 short", "POST two x/y two q=1 ",
            "POST three x/y three q=1 \(body)",
        ]
        #expect(try server.answers(requests).map(\.text) == expected)
        #expect(requests.map { server.answer($0).text } == expected)
    }

    @Test(arguments: backends)
    func answersPipelinedRequestsInOrder(backend: Server.Backend) throws {
        let server = try server(backend) { routes in
            routes.get("/late/:number") { request, response in
                await elsewhere()
                response.send(try request.parameters.require("number", as: String.self) + ";")
            }
            routes.get("/now/:number") { request, response in
                response.send(try request.parameters.require("number", as: String.self) + ";")
            }
        }
        try server.start()
        defer { stop(server) }
        let client = try RawClient(port: server.port)
        let requests = (0..<100).map { get($0 % 3 == 0 ? "/now/\($0)" : "/late/\($0)") }
        try client.send(requests.joined())
        #expect(client.wait(for: "\r\n\r\n99;"))
        let bodies = client.text.split(separator: "\r\n\r\n").dropFirst()
        let numbers = bodies.compactMap { body in Int(body.prefix { $0 != ";" }) }
        #expect(numbers == Array(0..<100))
    }

    /// One that waits is in the way of nobody, whoever of them came first in a turn.
    @Test(arguments: backends)
    func letsOthersOfItsTurnGoOn(backend: Server.Backend) throws {
        let server = try server(backend) { routes in
            let waiting = Recorder<UnsafeContinuation<Void, Never>>()
            routes.get("/wait") { _, response in
                response.headers.add("X-First", "1")
                await withUnsafeContinuation { waiting.record($0) }
                response.send("waited")
            }
            routes.get("/now") { (_, response) async in response.send("now") }
            routes.get("/release/:count") { request, response in
                let count = try request.parameters.require("count", as: Int.self)
                while waiting.values.count < count { await Task.yield() }
                for continuation in waiting.values { continuation.resume() }
                waiting.clear()
                response.send("released")
            }
        }
        try server.start()
        defer { stop(server) }
        let waiting = try (0..<8).map { _ in try RawClient(port: server.port) }
        let others = try (0..<8).map { _ in try RawClient(port: server.port) }
        for round in 1...20 {
            for (client, other) in zip(waiting, others) {
                try client.send(get("/wait"))
                try other.send(get("/now") + get("/now"))
            }
            for other in others { #expect(other.wait(for: "\r\n\r\nnow", times: 2 * round)) }
            #expect(try exchange(get("/release/8"), port: server.port).text == "released")
            for client in waiting { #expect(client.wait(for: "\r\n\r\nwaited", times: round)) }
        }
        for client in waiting {
            #expect(client.text.components(separatedBy: "X-First: 1\r\n").count == 21)
        }
    }

    /// All of a streamed body, with its head or after it, reaches a handler that begins after both.
    @Test(arguments: backends, [0, 1, 40, 1 << 20])
    func receivesAStreamedBody(backend: Server.Backend, first: Int) throws {
        let count = 200_000
        let server = try server(backend) { routes in
            routes.post("/sum", body: .streamed) { request, response in
                var sum = 0
                for try await piece in request.bodyStream { sum += piece.count }
                response.send("\(sum)")
            }
        }
        try server.start()
        defer { stop(server) }
        let client = try RawClient(port: server.port)
        let body = String(repeating: "a", count: count)
        try client.send(
            "POST /sum HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n"
                + body.prefix(first))
        try client.send(String(body.dropFirst(first)))
        #expect(client.wait(for: "\r\n\r\n\(count)"))
    }

    /// Also where the client has ended its output before the handler begins.
    @Test(arguments: backends)
    func isCancelledWhenItsClientHadEnded(backend: Server.Backend) throws {
        let ended = Recorder<Bool>()
        let server = try server(backend, handler: .seconds(100), halfClose: .milliseconds(20)) {
            routes in
            routes.get("/now") { (_, response) async in response.send("now") }
            routes.get("/wait") { _, response in
                try? await Worker.current!.sleep(for: .seconds(100))
                ended.record(Task.isCancelled)
            }
        }
        try server.start()
        defer { stop(server) }
        let client = try RawClient(port: server.port)
        try client.send(get("/now") + get("/now") + get("/wait"))
        client.finish()
        #expect(ended.wait(for: 1) && ended.values == [true])
    }

    /// A task that its handler cancelled runs no other.
    @Test(arguments: backends)
    func cancelsNobodyElse(backend: Server.Backend) throws {
        let server = try server(backend) { routes in
            routes.get("/cancel") { (_, response) async in
                withUnsafeCurrentTask { $0?.cancel() }
                response.send("cancelled")
            }
            routes.get("/sleep") { _, response in
                try await Worker.current!.sleep(for: .milliseconds(1))
                response.send("slept")
            }
        }
        try server.start()
        defer { stop(server) }
        let clients = try (0..<16).map { _ in try RawClient(port: server.port) }
        for client in clients { try client.send(get("/cancel") + get("/sleep")) }
        for client in clients { #expect(client.wait(for: "\r\n\r\nslept")) }
    }

    @Test(arguments: backends)
    func keepsTheFieldsOfEveryPart(backend: Server.Backend) throws {
        let server = try server(backend) { routes in
            routes.use { request, response, next in
                response.headers.add("X-Before", "1")
                try next(request, &response)
            }
            routes.get("/:number") { request, response in
                response.headers.add("X-First", "1")
                await elsewhere()
                try response.headers.add("X-Second", String(repeating: "2", count: 5000))
                await elsewhere()
                response.status = .accepted
                response.send(try request.parameters.require("number", as: String.self))
            }
        }
        try server.start()
        defer { stop(server) }
        // Others write their heads in between.
        let clients = try (0..<8).map { _ in try RawClient(port: server.port) }
        for client in clients { try client.send(get("/7") + get("/8")) }
        for client in clients {
            #expect(client.wait(for: "\r\n\r\n8"))
            let parts = client.text.components(separatedBy: "HTTP/1.1 202 Accepted\r\n")
            #expect(parts.count == 3 && parts[0].isEmpty)
            for part in parts.dropFirst() {
                for name in [
                    "X-Before: 1\r\n", "X-First: 1\r\n", "X-Second: 2", "Content-Length: 1\r\n",
                ] {
                    #expect(part.components(separatedBy: name).count == 2)
                }
            }
        }
    }

    /// By the task of a handler that has ended in the same turn, while others of that turn go on.
    @Test(arguments: backends)
    func beginsWhereAnotherEnded(backend: Server.Backend) throws {
        let waiting = Recorder<UnsafeContinuation<Void, Never>>()
        let tasks = Recorder<Int>()
        let server = try server(backend) { routes in
            routes.get("/wait") { _, response in
                tasks.record(withUnsafeCurrentTask { $0.hashValue })
                await withUnsafeContinuation { waiting.record($0) }
                response.headers.add("X-Waited", "1")
                response.send("waited")
            }
            routes.get("/go") { (_, response) throws in
                for continuation in waiting.values { continuation.resume() }
                response.send("gone")
            }
            routes.get("/next") { _, response in
                tasks.record(withUnsafeCurrentTask { $0.hashValue })
                response.headers.add("X-First", "1")
                try await Worker.current!.sleep(for: .milliseconds(1))
                response.send("next")
            }
        }
        try server.start()
        defer { stop(server) }
        let clients = try (0..<3).map { _ in try RawClient(port: server.port) }
        for client in clients { try client.send(get("/wait")) }
        #expect(waiting.wait(for: 3))
        let last = try RawClient(port: server.port)
        try last.send(get("/go") + get("/next"))
        #expect(last.wait(for: "\r\n\r\nnext"))
        #expect(last.text.components(separatedBy: "X-First: 1\r\n").count == 2)
        for client in clients {
            #expect(client.wait(for: "X-Waited: 1\r\n"))
            #expect(client.wait(for: "\r\n\r\nwaited"))
            #expect(!client.text.contains("X-First"))
        }
        #expect(tasks.values.prefix(3).contains(tasks.values[3]))
    }

    @Test(arguments: backends)
    func datesItsAnswerByTheMomentItIsGiven(backend: Server.Backend) throws {
        let server = try server(backend) { routes in
            routes.get("/") { _, response in
                response.headers.add("X-First", "1")
                try await Worker.current!.sleep(for: .milliseconds(1100))
                response.send("")
            }
        }
        let before = HTTPDate(secondsSince1970: Int64(time(nil)))
        let answer = try server.answers([get("/")])[0]
        let date = try #require(answer["Date"].flatMap { HTTPDate($0) })
        #expect(date > before && answer["X-First"] == "1")
    }

    @Test(arguments: backends)
    func answersWhatItThrows(backend: Server.Backend) throws {
        let log = Recorder<String>()
        let server = try server(backend, log: log) { routes in
            routes.get("/refused") { _, _ in
                await elsewhere()
                throw RequestError(.conflict, "taken")
            }
            routes.get("/failed") { _, response in
                response.headers.add("X-Field", "of another answer")
                await elsewhere()
                throw TestFailure()
            }
            routes.get("/silent") { _, _ in await elsewhere() }
            routes.get("/silent-at-once") { _, _ in if Task.isCancelled { await elsewhere() } }
            routes.get("/twice") { _, response in
                await elsewhere()
                response.send("first")
                response.send("second")
            }
        }
        let answers = try server.answers(
            ["/refused", "/failed", "/silent", "/silent-at-once", "/twice"].map { get($0) })
        #expect(answers.map(\.status) == [409, 500, 500, 500, 200])
        #expect(answers[0].text == "taken" && answers[1]["X-Field"] == nil)
        #expect(answers[4].text == "first")
        #expect(log.values.contains("GET /failed (route /failed): a handler threw: as planned"))
        #expect(log.values.filter { $0.contains("returned without an answer") }.count == 2)
        #expect(log.values.contains { $0.contains("was answered before") })
    }

    @Test(arguments: backends)
    func isCancelledByItsDeadline(backend: Server.Backend) throws {
        let cancelled = Recorder<Bool>()
        let log = Recorder<String>()
        let server = try server(
            backend, log: log, handler: .milliseconds(50)
        ) { routes in
            routes.get("/") { _, response in
                do { try await Task.sleep(for: .seconds(100)) } catch {}
                cancelled.record(Task.isCancelled)
                // Too late: it goes nowhere, and is no mistake.
                response.status = .accepted
                response.headers["X-Late"] = "1"
                response.headers.add(.cacheControl, "no-store")
                response.send("late")
                try response.headers.add("X-Late", String("2"))
            }
            routes.get("/next") { _, response in response.send("next") }
        }
        try server.start()
        defer { stop(server) }
        let client = try RawClient(port: server.port)
        try client.send(get("/"))
        #expect(client.wait(for: "HTTP/1.1 503 ") && client.waitForEnd())
        #expect(cancelled.wait(for: 1) && cancelled.values == [true])
        #expect(!client.text.contains("late"))
        #expect(try exchange(get("/next"), port: server.port).text == "next")
        #expect(log.values.filter { !$0.contains("503") } == [])
    }

    @Test(arguments: backends, ["reset", "leave"])
    func isCancelledWhenItsClientIsGone(backend: Server.Backend, act: String) throws {
        let begun = Recorder<Int>()
        let ended = Recorder<Bool>()
        let log = Recorder<String>()
        let server = try server(
            backend, log: log, halfClose: .milliseconds(20)
        ) { routes in
            routes.get("/:how") { request, response in
                begun.record(1)
                let worker = Worker.current!
                do {
                    if request.path == "/worker" {
                        try await worker.sleep(for: .seconds(100))
                    } else {
                        try await Task.sleep(for: .seconds(100))
                    }
                } catch {}
                ended.record(Task.isCancelled && worker.isCurrent)
                response.headers["X-Late"] = "1"
                response.send("nobody reads this")
            }
        }
        try server.start()
        defer { stop(server) }
        for (number, path) in ["/worker", "/task"].enumerated() {
            let client = try RawClient(port: server.port)
            try client.send(get(path))
            #expect(begun.wait(for: number + 1))
            if act == "reset" { client.reset() } else { client.leave() }
            #expect(ended.wait(for: number + 1))
        }
        #expect(ended.values == [true, true])
        #expect(log.values == [])
    }

    @Test(arguments: backends)
    func answersAClientThatEndedItsOutput(backend: Server.Backend) throws {
        let server = try server(
            backend, halfClose: nil
        ) { routes in
            routes.get("/") { _, response in
                try await Worker.current!.sleep(for: .milliseconds(100))
                response.send("whole")
            }
        }
        try server.start()
        defer { stop(server) }
        let client = try RawClient(port: server.port)
        try client.send(get("/"))
        client.finish()
        #expect(client.wait(for: "\r\n\r\nwhole") && client.waitForEnd())
    }

    @Test(arguments: backends)
    func streamsAndSubscribes(backend: Server.Backend) throws {
        let hub = try EventHub()
        let server = try server(backend) { routes in
            routes.get("/stream") { _, response in
                await elsewhere()
                var left = 3
                response.stream { body in
                    left -= 1
                    try body.write("\(left)")
                    return left == 0 ? .done : .more
                }
                await elsewhere()
            }
            routes.get("/events") { _, response in
                await elsewhere()
                try response.streamEvents { stream in
                    try stream.send("event")
                    stream.close()
                }
            }
            routes.get("/hub") { _, response in
                await elsewhere()
                try response.subscribe(to: "topic", in: hub)
                try hub.publish("news", to: "topic")
            }
        }
        #expect(try server.answers([get("/stream")])[0].joinedChunks == Array("210".utf8))
        #expect(
            try server.answers([get("/events")])[0].joinedChunks == Array("data: event\n\n".utf8))
        try server.start()
        defer { stop(server) }
        let client = try EventClient(port: server.port, target: "/hub")
        #expect(client.wait { $0.data == ["news"] })
    }

    @Test(arguments: backends)
    func stopsWithTheServer(backend: Server.Backend) throws {
        let begun = Recorder<Int>()
        let ended = Recorder<Bool>()
        let server = try server(backend) { routes in
            routes.get("/") { _, _ in
                begun.record(1)
                let worker = Worker.current!
                try? await worker.sleep(for: .seconds(100))
                ended.record(Task.isCancelled && worker.isCurrent)
            }
        }
        for round in 1...2 {
            try server.start()
            let client = try RawClient(port: server.port)
            try client.send(get("/"))
            #expect(begun.wait(for: round))
            server.stop(within: .zero)
            server.wait()
            #expect(ended.values == Array(repeating: true, count: round))
            withExtendedLifetime(client) {}
        }
    }

    /// One that never waits, but lets others have their turn, keeps nobody from being served.
    @Test(arguments: backends)
    func takesTurnsWithOneThatYields(backend: Server.Backend) throws {
        let begun = Recorder<Int>()
        let ended = Recorder<Bool>()
        let server = try server(backend) { routes in
            routes.get("/busy") { _, _ in
                begun.record(1)
                while !Task.isCancelled { await Task.yield() }
                ended.record(true)
            }
            routes.get("/other") { _, response in
                await elsewhere()
                response.send("other")
            }
        }
        try server.start()
        let client = try RawClient(port: server.port)
        try client.send(get("/busy"))
        #expect(begun.wait(for: 1))
        for _ in 0..<10 {
            #expect(try exchange(get("/other"), port: server.port).text == "other")
        }
        stop(server)
        #expect(ended.wait(for: 1))
        withExtendedLifetime(client) {}
    }

    /// What does not obey goes on elsewhere, and nothing that it does reaches anybody.
    @Test(arguments: backends)
    func outlivesItsWorker(backend: Server.Backend) async throws {
        let begun = Recorder<Int>()
        let released = Recorder<CheckedContinuation<Void, Never>>()
        let ended = Recorder<Bool>()
        do {
            let server = try server(backend) { routes in
                routes.get("/") { request, response in
                    begun.record(1)
                    await withCheckedContinuation { released.record($0) }
                    await Task.yield()
                    response.send(String(request.path))
                    ended.record(Worker.current == nil)
                }
            }
            try server.start()
            let client = try RawClient(port: server.port)
            try client.send(get("/"))
            #expect(begun.wait(for: 1))
            server.stop(within: .zero)
            server.wait()
            withExtendedLifetime(client) {}
        }
        #expect(released.wait(for: 1))
        released.values[0].resume()
        // It goes on in the pool of threads that this test would block, when those tests that block
        // them have ended.
        let hasEnded = await withCheckedContinuation { continuation in
            onAnotherThread { continuation.resume(returning: ended.wait(for: 1, deadline: 800)) }
        }
        #expect(hasEnded && ended.values == [true])
    }

    @Test func isAnsweredWithoutASocket() throws {
        let server = try server { routes in
            routes.get("/") { _, response in
                await elsewhere()
                try await Worker.current!.sleep(for: .milliseconds(1))
                response.send("offline")
            }
        }
        #expect(server.answer(get("/")).text == "offline")
        #expect(server.answer(get("/") + get("/")).text.hasSuffix("offline"))
    }

    @Test(arguments: backends)
    func answersWithoutARouter(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { request, response in
            response.headers.add("X-Before", "1")
            try response.run(for: request) { request, response in
                await elsewhere()
                response.send(String(request.path))
            }
        }
        let answer = try server.answers([get("/a")])[0]
        #expect(answer.text == "/a" && answer["X-Before"] == "1")
    }

    @Test(arguments: backends)
    func decidesByTheConditionsOfItsRequest(backend: Server.Backend) throws {
        let server = try server(backend) { routes in
            routes.get("/") { _, response in
                await elsewhere()
                response.send("page", etag: "v1")
            }
        }
        let answers = try server.answers([get("/"), get("/", fields: "If-None-Match: \"v1\"")])
        #expect(answers.map(\.status) == [200, 304])
    }

    /// Many at once, each with its own request, half of whose clients go away.
    @Test(arguments: backends)
    func servesManyAtOnce(backend: Server.Backend) throws {
        let ended = Recorder<Int>()
        let server = try server(
            backend, halfClose: .milliseconds(10)
        ) { routes in
            routes.get("/:number") { request, response in
                let number = try request.parameters.require("number", as: Int.self)
                defer { ended.record(number) }
                for turn in 0..<3 {
                    if (number + turn) % 2 == 0 {
                        await elsewhere()
                    } else {
                        try await Worker.current!.sleep(for: .milliseconds(number % 7))
                    }
                }
                response.send("\(number).")
            }
        }
        try server.start()
        defer { stop(server) }
        let clients = try (0..<200).map { _ in try RawClient(port: server.port) }
        for (number, client) in clients.enumerated() { try client.send(get("/\(number)")) }
        for (number, client) in clients.enumerated() where number % 2 == 1 {
            if number % 4 == 1 { client.reset() } else { client.leave() }
        }
        for (number, client) in clients.enumerated() where number % 2 == 0 {
            #expect(client.wait(for: "\r\n\r\n\(number)."))
        }
        #expect(ended.wait(for: 200))
        #expect(Set(ended.values) == Set(0..<200))
    }
}

private func stop(_ server: Server) {
    server.stop(within: .zero)
    server.wait()
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}
