// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct DeferringTests {
    @Test(arguments: backends)
    func answersFromAnotherThread(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { request, response in
            let path = String(request.path)
            let completion = response.sendLater()
            expect(response.isAnswered)
            onAnotherThread {
                completion.finish { response in
                    try response.headers.add("X-Path", path)
                    response.send(path, status: .created)
                }
            }
        }
        let answers = try server.answers([get("/a"), get("/b"), get("/c")])
        #expect(answers.map(\.text) == ["/a", "/b", "/c"])
        #expect(answers.allSatisfy { $0.status == 201 && $0["X-Path"] == $0.text })
    }

    @Test(arguments: backends)
    func answersOnceOnly(backend: Server.Backend) throws {
        let ends = Recorder<Int>()
        let calls = Recorder<Int>()
        let server = try Server(configuration: local(backend)) { _, response in
            let completion = response.sendLater()
            onAnotherThread {
                for number in 0..<3 {
                    let witness = Witness(ends)
                    completion.finish { response in
                        withExtendedLifetime(witness) { calls.record(number) }
                        response.send("\(number)")
                    }
                }
            }
        }
        #expect(try server.answers([get("/")])[0].text == "0")
        #expect(calls.values == [0])
        #expect(ends.wait(for: 3) && ends.values.count == 3)
    }

    @Test(arguments: backends)
    func answersLateThrowsWith500(backend: Server.Backend) throws {
        let log = Recorder<String>()
        let server = try Server(configuration: local(backend, log: log)) { _, response in
            let completion = response.sendLater()
            onAnotherThread { completion.finish { _ in throw TestFailure() } }
        }
        #expect(try server.answers([get("/"), get("/")]).map(\.status) == [500, 500])
        #expect(log.values.filter { $0 == "GET /: a deferred answer threw: as planned" }.count == 2)
    }

    @Test(arguments: backends)
    func answers503AfterTheDeadline(backend: Server.Backend) throws {
        var configuration = local(backend)
        configuration.deadlines.handler = .milliseconds(50)
        let completions = Recorder<ResponseWriter.Completion>()
        defer { completions.clear() }
        let server = try Server(configuration: configuration) { _, response in
            completions.record(response.sendLater())
        }
        #expect(try server.answers([get("/")])[0].status == 503)

        // The server of the test has stopped: its exchange is over.
        let ends = Recorder<Int>()
        let witness = Witness(ends)
        completions.values[0].finish { _ in
            withExtendedLifetime(witness) { _ = Issue.record("answered twice") }
        }
    }

    @Test(arguments: backends)
    func answers500WhereItIsForgotten(backend: Server.Backend) throws {
        let log = Recorder<String>()
        let server = try Server(configuration: local(backend, log: log)) { _, response in
            let completion = response.sendLater()
            onAnotherThread { withExtendedLifetime(completion) {} }
        }
        #expect(try server.answers([get("/"), get("/")]).map(\.status) == [500, 500])
        #expect(log.values.filter { $0.hasSuffix("it was forgotten") }.count == 2)
    }

    @Test(arguments: backends)
    func answers500WhereTheAnswerIsNone(backend: Server.Backend) throws {
        let log = Recorder<String>()
        let server = try Server(configuration: local(backend, log: log)) { _, response in
            let completion = response.sendLater()
            onAnotherThread { completion.finish { _ in } }
        }
        #expect(try server.answers([get("/"), get("/")]).map(\.status) == [500, 500])
        #expect(log.values.filter { $0.contains("without an answer") }.count == 2)
    }

    @Test(arguments: backends)
    func saysWhetherItWasFinishedBefore(backend: Server.Backend) throws {
        let results = Recorder<Bool>()
        let server = try Server(configuration: local(backend)) { _, response in
            response.sendLater { completion in
                results.record(completion.finish { response in response.send("first") })
                results.record(completion.finish { response in response.send("second") })
            }
        }
        #expect(try server.answers([get("/")])[0].text == "first")
        #expect(results.values == [true, false])
    }

    @Test(arguments: backends)
    func answersNobodyWhoseClientIsGone(backend: Server.Backend) throws {
        let completions = Recorder<ResponseWriter.Completion>()
        defer { completions.clear() }
        let ends = Recorder<Int>()
        let server = try Server(configuration: local(backend)) { _, response in
            completions.record(response.sendLater())
        }
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        do {
            let client = try RawClient(port: server.port)
            try client.send(get("/"))
            #expect(completions.wait(for: 1))
            client.reset()
        }
        let witness = Witness(ends)
        completions.values[0].finish { [witness] _ in withExtendedLifetime(witness) {} }
        _ = consume witness
        #expect(ends.wait(for: 1))
    }

    @Test(arguments: backends)
    func streamsLater(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { _, response in
            let completion = response.sendLater()
            onAnotherThread {
                completion.finish { response in
                    response.stream { body in
                        try body.write("later")
                        return .done
                    }
                }
            }
        }
        #expect(try server.answers([get("/")])[0].joinedChunks == Array("later".utf8))
    }

    @Test func outlivesItsServer() throws {
        let handles = Recorder<ResponseWriter.Handle>()
        defer { handles.clear() }
        do {
            let server = try offline { _, response in
                handles.record(response.handle)
                response.send("")
            }
            _ = server.answer(get("/"))
        }
        handles.values[0].resume()
    }
}
