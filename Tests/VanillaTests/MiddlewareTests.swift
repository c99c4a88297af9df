// SPDX-License-Identifier: MIT

import Synchronization
import Testing
import Vanilla
import VanillaTestSupport

private struct User: Equatable { var name: String }

/// Goes to another thread and comes back.
private func elsewhere() async {
    await withCheckedContinuation { continuation in
        onAnotherThread { continuation.resume() }
    }
}

/// Middleware that waits, around all that there is.
@Suite struct MiddlewareTests {
    @Test(arguments: backends, ["/waits", "/plain", "/none"])
    func isPassedInItsOrder(backend: Server.Backend, path: String) throws {
        let steps = Recorder<String>()
        let router = try Router { routes in
            routes.use { request, response, next in
                steps.record("1")
                await elsewhere()
                try await next(request, &response)
                steps.record("1: \(response.status.code) \(response.isAnswered)")
            }
            routes.use { request, response, next in
                steps.record("2")
                response.headers["X-Two"] = "2"
                try next(request, &response)
            }
            routes.use { request, response, next in
                steps.record("3")
                try await next(request, &response)
                await elsewhere()
                steps.record("3: \(response.status.code)")
            }
            routes.get("/waits") { _, response in
                await elsewhere()
                steps.record("handler")
                response.send("done", status: .created)
            }
            routes.get("/plain") { _, response in
                steps.record("handler")
                response.send("done", status: .created)
            }
        }
        let server = try Server(configuration: local(backend), router: router)
        let answers = try [server.answers([get(path)])[0], server.answers([get(path)])[0]]
        let status = path == "/none" ? 404 : 201
        #expect(answers.map(\.status) == [status, status])
        #expect(answers.allSatisfy { $0["X-Two"] == "2" })
        var expected = ["1", "2", "3", "handler", "3: \(status)", "1: \(status) true"]
        if path == "/none" { expected.remove(at: 3) }
        #expect(steps.values == expected + expected)
    }

    @Test(arguments: backends)
    func answersInsteadAndHandsValuesOn(backend: Server.Backend) throws {
        let called = Recorder<String>()
        let router = try Router { routes in
            routes.use { request, response, next in
                let name = request.headers[.authorization]
                await elsewhere()
                guard let name else { throw RequestError(.unauthorized, "Who are you?") }
                if name == "old" { return response.send(status: .gone) }
                request.storage[User.self] = User(name: name)
                try await next(request, &response)
            }
            routes.group("/a") { group in
                group.use { request, response, next in
                    request.storage[User.self]?.name += "!"
                    try next(request, &response)
                }
                group.get("/waits") { request, response in
                    called.record("waits")
                    await elsewhere()
                    response.send(try request.storage.require(User.self).name)
                }
                group.get("/plain") { request, response in
                    called.record("plain")
                    response.send(try request.storage.require(User.self).name)
                }
            }
        }
        let server = try Server(configuration: local(backend), router: router)
        let answers = try server.answers([
            get("/a/waits"), get("/a/plain", fields: "Authorization: old"),
            get("/a/waits", fields: "Authorization: ann"),
            get("/a/plain", fields: "Authorization: bob"),
        ])
        #expect(answers.map(\.status) == [401, 410, 200, 200])
        #expect(answers.map(\.text) == ["Who are you?", "", "ann!", "bob!"])
        #expect(called.values == ["waits", "plain"])
    }

    /// What a handler throws passes through the middleware around it, which may answer.
    @Test(arguments: backends, ["/waits", "/plain"])
    func seesErrors(backend: Server.Backend, path: String) throws {
        let log = Recorder<String>()
        let router = try Router { routes in
            routes.use { request, response, next in
                do {
                    try await next(request, &response)
                } catch is TestFailure {
                    await elsewhere()
                    response.send("caught", status: .serviceUnavailable)
                }
            }
            // Without a part in it.
            routes.use { request, response, next in try next(request, &response) }
            routes.get("/waits") { request, _ in
                await elsewhere()
                if request.queryBytes == "known" { throw RequestError(.conflict) }
                throw TestFailure()
            }
            routes.get("/plain") { request, _ in
                if request.queryBytes == "known" { throw RequestError(.conflict) }
                throw TestFailure()
            }
        }
        let server = try Server(configuration: local(backend, log: log), router: router)
        let answers = try server.answers([get(path), get(path + "?known")])
        #expect(answers.map(\.status) == [503, 409])
        #expect(answers[0].text == "caught")
        #expect(log.values.isEmpty)
    }

    /// Synchronous middleware within asynchronous answers by not going on.
    @Test func endsWhereSynchronousMiddlewareAnswers() throws {
        let server = try routed { routes in
            routes.use { request, response, next in
                await Task.yield()
                try await next(request, &response)
                #expect(response.status == .forbidden)
            }
            routes.use { _, response, _ in response.send(status: .forbidden) }
            routes.get("/") { _, response in
                await Task.yield()
                Issue.record("It was called.")
                response.send("")
            }
        }
        #expect(server.answer(get("/")).status == 403)
    }

    /// A middleware that forgets to go on, and to answer.
    @Test func isAnErrorWithoutAnAnswer() throws {
        let server = try routed { routes in
            routes.use { _, _, _ in await Task.yield() }
            routes.get("/") { _, response in response.send("") }
        }
        #expect(server.answer(get("/")).status == 500)
    }

    /// Bodies come whole, and a synchronous handler may answer in every way that it has.
    @Test(arguments: backends)
    func answersInEveryWay(backend: Server.Backend) throws {
        let router = try Router { routes in
            routes.use { request, response, next in
                await elsewhere()
                try await next(request, &response)
            }
            routes.post("/echo") { request, response in response.send(request.body) }
            routes.get("/stream") { _, response in
                var left = 3
                response.stream { body in
                    try body.write("piece ")
                    left -= 1
                    return left == 0 ? .done : .more
                }
            }
        }
        let server = try Server(configuration: local(backend), router: router)
        let answers = try server.answers([
            post("/echo", "some body"), get("/stream"), get("/stream", method: "HEAD"),
        ])
        #expect(answers[0].text == "some body")
        #expect(String(decoding: answers[1].joinedChunks, as: UTF8.self) == "piece piece piece ")
        #expect(answers.map(\.status) == [200, 200, 200])
    }

    /// An answer leaves when the middleware around it has returned.
    @Test(arguments: backends, ["/waits", "/plain", "/large", "/shared", "/tagged"])
    func changesWhatWasAnswered(backend: Server.Backend, path: String) throws {
        let large = [UInt8](repeating: 0x61, count: 100_000)
        let shared = SharedBytes(large)
        let router = try Router { routes in
            routes.use { request, response, next in
                try await next(request, &response)
                let isAnswered = response.isAnswered
                #expect(isAnswered)
                await elsewhere()
                if response.status == .ok { response.status = .accepted }
                response.headers["X-After"] = "after"
            }
            routes.get("/waits") { _, response in
                await elsewhere()
                response.headers["X-Within"] = "within"
                response.send("some text")
            }
            routes.get("/plain") { _, response in response.send("some text") }
            routes.get("/large") { _, response in response.send(large) }
            routes.get("/shared") { _, response in response.send(shared) }
            routes.get("/tagged") { _, response in
                response.send("some text", etag: ETag(version: 1))
            }
        }
        let server = try Server(configuration: local(backend), router: router)
        let answers = try server.answers([
            get(path), get(path, method: "HEAD"), get(path, fields: "If-None-Match: \"1\""),
        ])
        let isLarge = path == "/large" || path == "/shared"
        let isTagged = path == "/tagged"
        #expect(answers.map(\.status) == [202, 202, isTagged ? 304 : 202])
        #expect(answers.allSatisfy { $0["X-After"] == "after" })
        #expect(answers[0]["X-Within"] == (path == "/waits" ? "within" : nil))
        #expect(answers[0].text.utf8.count == (isLarge ? 100_000 : 9))
        #expect(
            answers[1].text.isEmpty && answers[1]["Content-Length"] == "\(isLarge ? 100_000 : 9)")
        if isTagged { #expect(answers[2].text.isEmpty && answers[2]["ETag"] == "\"1\"") }
    }

    /// What fails after an answer was given is answered instead of it.
    @Test(arguments: backends, ["/waits", "/plain", "/shared", "/throws"])
    func takesAnAnswerBack(backend: Server.Backend, path: String) throws {
        let log = Recorder<String>()
        let shared = SharedBytes([UInt8](repeating: 0x61, count: 100_000))
        let router = try Router { routes in
            routes.use { request, response, next in
                do {
                    try await next(request, &response)
                } catch let error as RequestError where error.status == .gone {
                    let (isAnswered, status) = (response.isAnswered, response.status)
                    #expect(!isAnswered && status == .ok)
                    response.send("instead")
                }
            }
            routes.use { request, response, next in
                try await next(request, &response)
                await elsewhere()
                switch request.queryBytes {
                case "conflict": throw RequestError(.conflict)
                case "gone": throw RequestError(.gone)
                default: throw TestFailure()
                }
            }
            routes.get("/waits") { _, response in
                await elsewhere()
                response.headers["X-Within"] = "within"
                response.send("secret", status: .created)
            }
            routes.get("/plain") { _, response in response.send("secret", status: .created) }
            routes.get("/shared") { _, response in response.send(shared) }
            routes.get("/throws") { request, response in
                response.send("secret", status: .created)
                throw RequestError(request.queryBytes == "gone" ? .gone : .conflict)
            }
        }
        let server = try Server(configuration: local(backend, log: log), router: router)
        let answers = try server.answers([
            get(path + "?gone"), get(path + "?conflict"), get(path + "?"), get(path + "?gone"),
        ])
        let last = path == "/throws" ? 409 : 500
        #expect(answers.map(\.status) == [200, 409, last, 200])
        #expect(answers[0].text == "instead" && answers[3].text == "instead")
        #expect(answers.allSatisfy { !$0.text.contains("secret") && $0["X-Within"] == nil })
        #expect(log.values.count == (path == "/throws" ? 0 : 1))
    }

    /// A second answer is one too many, also while the first has not left.
    @Test func keepsTheFirstAnswer() throws {
        let log = Recorder<String>()
        let server = try routed(log: log) { routes in
            routes.use { request, response, next in
                try await next(request, &response)
                response.send("second")
            }
            routes.get("/") { _, response in
                response.send("first")
                response.stream { _ in .done }
            }
        }
        #expect(server.answer(get("/")).text == "first")
        #expect(log.values.count == 2)
    }

    /// What a client that left does not get is released all the same.
    @Test(arguments: backends)
    func releasesWhatNobodyGets(backend: Server.Backend) throws {
        struct Kept: @unchecked Sendable { weak var bytes: SharedBytes? }
        let (kept, left, goOn) = (
            Recorder<Kept>(), Recorder<Bool>(), Recorder<CheckedContinuation<Void, Never>>()
        )
        let router = try Router { routes in
            routes.use { request, response, next in
                try await next(request, &response)
                while !Task.isCancelled { await elsewhere() }
                left.record(true)
                await withCheckedContinuation { goOn.record($0) }
            }
            routes.get("/") { _, response in
                let bytes = SharedBytes(repeating: 0x61, count: 100_000)
                kept.record(Kept(bytes: bytes))
                response.send(bytes)
            }
        }
        let server = try Server(configuration: local(backend), router: router)
        try server.start()
        do {
            let client = try RawClient(port: server.port)
            try client.send(get("/"))
            #expect(kept.wait(for: 1))
            withExtendedLifetime(client) {}
        }
        #expect(left.wait(for: 1) && goOn.wait(for: 1))
        #expect(kept.values[0].bytes != nil)
        goOn.values[0].resume()
        server.stop()
        server.wait()
        #expect(kept.values[0].bytes == nil)
    }

    @Test(arguments: backends)
    func isCancelledWithTheRequest(backend: Server.Backend) throws {
        let ends = Recorder<String>()
        var configuration = local(backend)
        configuration.deadlines.handler = .milliseconds(100)
        let router = try Router { routes in
            routes.use { request, response, next in
                do {
                    try await next(request, &response)
                } catch let error as CancellationError {
                    ends.record("cancelled")
                    throw error
                }
            }
            routes.get("/") { _, response in
                try await Worker.current?.sleep(for: .seconds(60))
                response.send("")
            }
        }
        let server = try Server(configuration: configuration, router: router)
        #expect(try server.answers([get("/")]).map(\.status) == [503])
        #expect(ends.values == ["cancelled"])
    }
}
