// SPDX-License-Identifier: MIT

import Testing
import Vanilla

@Suite struct DeferringTests {
    @Test(arguments: backends)
    func answersFromAnotherThread(backend: Backend) throws {
        let server = try Server(configuration: local(backend)) { request, response in
            let path = String(request.path)
            let exchange = response.deferAnswer()
            expect(response.isAnswered)
            onAnotherThread {
                exchange.complete { response in
                    try response.addField("X-Path", path)
                    response.send(path, status: .created)
                }
            }
        }
        let answers = try server.answers([get("/a"), get("/b"), get("/c")])
        #expect(answers.map(\.text) == ["/a", "/b", "/c"])
        #expect(answers.allSatisfy { $0.status == 201 && $0["X-Path"] == $0.text })
    }

    @Test(arguments: backends)
    func answersOnceOnly(backend: Backend) throws {
        let ends = Recorder<Int>()
        let calls = Recorder<Int>()
        let server = try Server(configuration: local(backend)) { _, response in
            let exchange = response.deferAnswer()
            onAnotherThread {
                for number in 0..<3 {
                    let witness = Witness(ends)
                    exchange.complete { response in
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
    func answersLateThrowsWith500(backend: Backend) throws {
        let log = Recorder<String>()
        let server = try Server(configuration: local(backend, log: log)) { _, response in
            let exchange = response.deferAnswer()
            onAnotherThread { exchange.complete { _ in throw TestFailure() } }
        }
        #expect(try server.answers([get("/"), get("/")]).map(\.status) == [500, 500])
        #expect(log.values.filter { $0 == "A deferred answer threw: as planned" }.count == 2)
    }

    @Test(arguments: backends)
    func answers503AfterTheDeadline(backend: Backend) throws {
        var configuration = local(backend)
        configuration.deadlines.handler = .milliseconds(50)
        let handles = Recorder<ExchangeHandle>()
        defer { handles.clear() }
        let server = try Server(configuration: configuration) { _, response in
            handles.record(response.deferAnswer())
        }
        #expect(try server.answers([get("/")])[0].status == 503)

        // The server of the test has stopped: its exchange is over.
        let ends = Recorder<Int>()
        let witness = Witness(ends)
        handles.values[0].complete { _ in
            withExtendedLifetime(witness) { _ = Issue.record("answered twice") }
        }
        handles.values[0].resume()
    }

    @Test(arguments: backends)
    func streamsLater(backend: Backend) throws {
        let server = try Server(configuration: local(backend)) { _, response in
            let exchange = response.deferAnswer()
            onAnotherThread {
                exchange.complete { response in
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
        let handles = Recorder<ExchangeHandle>()
        defer { handles.clear() }
        do {
            let server = try offline { _, response in
                handles.record(response.handle)
                response.send("")
            }
            _ = server.answer(get("/"))
        }
        handles.values[0].resume()
        handles.values[0].complete { _ in Issue.record("answered twice") }
    }
}
