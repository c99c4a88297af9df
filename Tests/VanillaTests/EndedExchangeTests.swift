// SPDX-License-Identifier: MIT
// The hook that is told of the end of each exchange, once, however it ends; the hook for refusals;
// and what the log says of a request.

import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

private struct Place: Sendable, CustomTestStringConvertible {
    let backend: Server.Backend?
    var mode: TestMode { backend == nil ? .inProcess : .socket }
    var testDescription: String { backend.map { "\($0)" } ?? "in process" }

    /// The loopback ring, and sockets over each backend.
    static let all = [Place(backend: nil)] + backends.map { Place(backend: $0) }
}

private final class Journal: Sendable {
    let ends = Recorder<String>()
    let log = Recorder<String>()

    /// A configuration that records the end of each exchange, in a line.
    func configuration(_ place: Place) -> Server.Configuration {
        var configuration = local(place.backend, log: log)
        configuration.onExchangeEnd = { [ends] exchange in
            var words: [String] = []
            if let request = exchange.request {
                words += ["\(request.method)", "\(request.path)"]
            }
            if let route = exchange.route { words.append("(\(route))") }
            words += [exchange.status.map { "\($0.code)" } ?? "none", "\(exchange.ending)"]
            if exchange.isRefusal { words.append("refused") }
            if let error = exchange.error { words.append("[\(error)]") }
            ends.record(words.joined(separator: " "))
            expect(exchange.duration >= .zero && exchange.workerIndex == 0)
            expect(exchange.bytesReceived > 0)
        }
        return configuration
    }

    /// Whether these are all ends, in any order.
    func has(_ lines: [String]) -> Bool { ends.values.sorted() == lines.sorted() }
}

private func makeRouter(
    _ topics: EventHub, whenItWaits: @escaping @Sendable () -> Void = {}
) throws -> Router {
    try Router { routes in
        routes.get("/user/:id") { request, response in response.send("user") }
        routes.get("/throws") { _, _ in throw TestFailure() }
        routes.get("/refuses") { _, _ in throw RequestError(.conflict, "taken") }
        routes.get("/async/:what") { (request, response) async throws in
            await Task.yield()
            if request.parameters["what"] == "throws" { throw TestFailure() }
            response.send("async")
        }
        routes.get("/later") { _, response in
            let completion = response.sendLater()
            onAnotherThread { completion.finish { response in response.send("late") } }
        }
        routes.get("/stream") { _, response in
            response.stream { body in
                try body.write("all")
                return .done
            }
        }
        routes.get("/cut") { _, response in
            response.stream { body in
                try body.write("some")
                throw TestFailure()
            }
        }
        routes.get("/endless") { _, response in
            response.stream { body in
                try body.write("more")
                return .wait
            }
        }
        routes.get("/events") { request, response in
            try response.subscribe(to: "news", in: topics, for: request)
        }
        routes.get("/waits") { (request, response) async throws in
            whenItWaits()
            try await Task.sleep(for: .seconds(1000))
        }
        routes.post("/body", body: .streamed) { _, response in
            response.receiveBody { piece, response in
                if piece.isLast { response.send("got it") }
                return .more
            }
        }
        routes.post("/echo") { request, response in response.send(request.body) }
    }
}

@Suite struct EndedExchangeTests {
    @Test(arguments: Place.all)
    fileprivate func tellsOfEveryKindOfAnswer(place: Place) async throws {
        let journal = Journal()
        let server = try Server(
            configuration: journal.configuration(place), router: makeRouter(EventHub()))
        try await server.test(place.mode) { client async throws in
            for path in [
                "/user/7?q=1", "/throws", "/refuses", "/async/fine", "/async/throws", "/later",
                "/stream", "/nowhere",
            ] {
                _ = try await client.get(path)
            }
            _ = try await client.post("/body", body: "12345")
            _ = try await client.post("/echo", body: "12345")
            // Several at once, on one connection.
            let connection = client.connect()
            connection.send(
                get("/user/1", method: "HEAD") + get("/user/2")
                    + get("/user/3", fields: "Connection: close"))
            _ = try await connection.readResponse(answersHead: true)
            _ = try await connection.readResponse()
            _ = try await connection.readResponse()
        }
        #expect(
            journal.has([
                "GET /user/7 (/user/:id) 200 delivered",
                "GET /throws (/throws) 500 delivered [as planned]",
                "GET /refuses (/refuses) 409 delivered [409: taken]",
                "GET /async/fine (/async/:what) 200 delivered",
                "GET /async/throws (/async/:what) 500 delivered [as planned]",
                "GET /later (/later) 200 delivered", "GET /stream (/stream) 200 delivered",
                "GET /nowhere 404 delivered", "POST /body (/body) 200 delivered",
                "POST /echo (/echo) 200 delivered", "HEAD /user/1 (/user/:id) 200 delivered",
                "GET /user/2 (/user/:id) 200 delivered", "GET /user/3 (/user/:id) 200 delivered",
            ]), "\(journal.ends.values)")
    }

    @Test(arguments: Place.all)
    fileprivate func tellsOfWhatTheServerRefuses(place: Place) async throws {
        let journal = Journal()
        var configuration = journal.configuration(place)
        configuration.limits.body = 4
        configuration.limits.field = 100
        configuration.deadlines.head = .milliseconds(30)
        configuration.onRefusal = { refusal, response in
            var origin = "unknown"
            if let request = refusal.request { origin = request.headers["Origin"] ?? "none" }
            response.headers["X-Origin"] = origin
            if refusal.status == .contentTooLarge { response.send("Less, please.") }
        }
        let server = try Server(
            configuration: configuration, router: makeRouter(EventHub()))
        let origin = "Origin: b\r\n"
        let long = String(repeating: "x", count: 200)
        try await server.test(place.mode) { client async throws in
            for (bytes, status, header) in [
                ("GET / HTTP/1.1\r\n\(origin)\r\n", 400, "b"),
                ("GET /late HTTP/1.1\r\nHost: a\r\n\(origin)X", 408, "b"),
                ("GE", 408, "unknown"),
                ("POST /echo HTTP/1.1\r\nHost: a\r\n\(origin)Content-Length: 5\r\n\r\n", 413, "b"),
                ("GET /a HTTP/1.1\r\nHost: a\r\nX: \(long)", 431, "none"),
                ("GET /b HTTP/3.0\r\n\r\n", 505, "none"),
            ] {
                let connection = client.connect()
                connection.send(bytes)
                let answer = try await connection.readResponse()
                #expect(answer.status.code == status && answer.headers["X-Origin"] == header)
                #expect(answer.headers["Connection"] == "close")
                if status == 413 { #expect(answer.text == "Less, please.") }
            }
        }
        #expect(
            journal.has([
                "GET / 400 delivered refused", "GET /late 408 delivered refused",
                "408 delivered refused", "POST /echo 413 delivered refused",
                "GET /a 431 delivered refused", "GET /b 505 delivered refused",
            ]), "\(journal.ends.values)")
    }

    @Test(arguments: Place.all)
    fileprivate func tellsThatAClientHasLeft(place: Place) async throws {
        let journal = Journal()
        let server = try Server(
            configuration: journal.configuration(place), router: makeRouter(EventHub()))
        try await server.test(place.mode) { client async throws in
            // A body of which nothing more comes, and one that the producer cuts.
            let body = client.connect()
            body.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
            body.finish()
            #expect(try await body.readBytes() == nil)
            let cut = client.connect()
            cut.send(get("/cut"))
            while try await cut.readBytes() != nil {}
            // Streams that the server would not end.
            for path in ["/endless", "/events"] {
                let stream = try await client.stream(path)
                stream.close()
            }
        }
        let ends = journal.ends.values
        #expect(ends.contains("POST /echo none clientLeft"), "\(ends)")
        #expect(ends.contains("GET /cut (/cut) 200 cut [as planned]"))
        #expect(ends.filter { $0.hasPrefix("GET /endless (/endless) 200") }.count == 1)
        #expect(ends.filter { $0.hasPrefix("GET /events (/events) 200") }.count == 1)
        #expect(ends.count == 4)
        #expect(
            journal.log.values.contains(
                "GET /cut (route /cut): the producer of a body threw: as planned"))
    }

    @Test(arguments: Place.all)
    fileprivate func tellsWhatAStopHasCut(place: Place) async throws {
        let journal = Journal()
        let begun = Recorder<Int>()
        let server = try Server(
            configuration: journal.configuration(place),
            router: makeRouter(EventHub(), whenItWaits: { begun.record(1) }))
        try await server.test(place.mode) { client async throws in
            let waits = client.connect()
            waits.send(get("/waits"))
            while begun.values.isEmpty { await Task.yield() }
            _ = try await client.get("/user/1")
        }
        #expect(journal.ends.values.contains("GET /user/1 (/user/:id) 200 delivered"))
        #expect(journal.ends.values.filter { $0.hasPrefix("GET /waits (/waits)") }.count == 1)
        #expect(journal.ends.values.count == 2)
    }

    @Test func keepsTheBeginningOfALongHead() throws {
        let seen = Recorder<[String]>()
        var configuration = local()
        configuration.onExchangeEnd = { exchange in
            guard let request = exchange.request else { return }
            seen.record([
                "\(request.path.count)", String(request.headers["X-First"] ?? ""),
                String(request.headers["X-Last"] ?? "none"), "\(request.headers.count)",
            ])
        }
        let server = try Server(configuration: configuration) { _, response in
            response.send("fine")
        }
        let long = String(repeating: "v", count: 3000)
        let fields = get("/", fields: "X-First: 1", "X: \(long)", "X-Last: 2")
        #expect(server.answer(fields).status == 200)
        #expect(server.answer(get("/\(long)", fields: "X-Last: 2")).status == 200)
        let many = (0..<100).map { "X-\($0): v\r\n" }.joined()
        #expect(
            server.answer("GET / HTTP/1.1\r\nHost: a\r\nX-First: 1\r\n\(many)\r\n").status == 200)
        #expect(
            seen.values == [
                ["1", "1", "none", "2"], ["2044", "", "none", "0"], ["1", "1", "none", "64"],
            ])
    }

    @Test func countsBytesAndTime() throws {
        let seen = Recorder<[UInt64]>()
        var configuration = local()
        configuration.onExchangeEnd = { exchange in
            seen.record([exchange.bytesReceived, exchange.bytesSent])
        }
        let server = try Server(configuration: configuration) { request, response in
            response.send(request.body)
        }
        let request = post("/", "hello")
        let answer = server.handle(Array(request.utf8))
        #expect(seen.values == [[UInt64(request.utf8.count), UInt64(answer.count)]])
    }

    @Test func namesTheRequestInTheLog() throws {
        let log = Recorder<String>()
        let server = try Server(
            configuration: local(log: log),
            router: Router { routes in
                routes.get("/users/:id") { _, _ in throw TestFailure() }
                routes.get("/nothing") { _, _ in }
            })
        _ = server.answer(get("/users/7?secret=1"))
        _ = server.answer(get("/nothing"))
        #expect(
            log.values == [
                "GET /users/7 (route /users/:id): a handler threw: as planned",
                "GET /nothing (route /nothing): a handler returned without an answer; answered 500",
            ])
    }

    @Test(arguments: ["/sync/1", "/async/1", "/woken/1", "/stream/1"])
    func namesHandlersThatHoldTheirWorker(path: String) throws {
        let log = Recorder<String>()
        var configuration = local(log: log)
        configuration.slowHandler = .milliseconds(5)
        let server = try Server(
            configuration: configuration,
            router: Router { routes in
                routes.get("/sync/:n") { _, response in
                    hold()
                    response.send("done")
                }
                routes.get("/async/:n") { (_, response) async throws in
                    hold()
                    await Task.yield()
                    response.send("done")
                }
                routes.get("/woken/:n") { (_, response) async throws in
                    await Task.yield()
                    hold()
                    response.send("done")
                }
                routes.get("/stream/:n") { _, response in
                    response.stream { body in
                        hold()
                        try body.write("done")
                        return .done
                    }
                }
            })
        #expect(server.answer(get(path)).status == 200)
        let pattern = path.dropLast() + ":n"
        let begin = "GET \(path) (route \(pattern)) held its worker for "
        #expect(log.values.contains { $0.hasPrefix(begin) }, "\(log.values)")
    }

    @Test func namesNobodyWhereThatIsOff() throws {
        let log = Recorder<String>()
        var configuration = local(log: log)
        configuration.slowHandler = nil
        let server = try Server(configuration: configuration) { _, response in
            hold()
            response.send("done")
        }
        #expect(server.answer(get("/")).status == 200)
        #expect(log.values.isEmpty)
    }
}

/// Holds the worker for longer than a handler may in these tests.
private func hold() {
    let end = ContinuousClock.now + .milliseconds(20)
    while ContinuousClock.now < end {}
}
