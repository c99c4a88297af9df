// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

@Suite struct ServerHooksTests {
    private struct Refused: Error, CustomStringConvertible {
        var description = "the database is closed"
    }

    private func makeServer(
        _ configuration: Server.Configuration, _ events: Recorder<String>
    ) throws -> Server {
        try Server(
            configuration: configuration,
            router: Router { routes in
                routes.get("/") { _, response in
                    events.record("request")
                    response.send("fine")
                }
            })
    }

    /// Adds hooks that note their names.
    private func add(_ names: [String], to server: Server, _ events: Recorder<String>) {
        for name in names {
            server.onStart {
                await Task.yield()
                events.record("start \(name)")
            }
            server.onStop {
                await Task.yield()
                events.record("stop \(name)")
            }
        }
    }

    private static let manners = backends.flatMap { backend in
        [1, 3].flatMap { workers in [false, true].map { (backend, workers, $0) } }
    }

    /// On the threads of the server, and on the calling one.
    @Test(arguments: manners)
    func runInOrderAroundAllRequests(
        backend: Server.Backend, workers: Int, isHere: Bool
    ) async throws {
        let (events, ends) = (Recorder<String>(), Recorder<Bool>())
        var configuration = local(backend)
        configuration.workers = workers
        configuration.usesCallingThread = isHere
        let server = try makeServer(configuration, events)
        add(["one", "two"], to: server, events)
        for _ in 1...2 {
            events.clear()
            ends.clear()
            let listening = Recorder<Bool>()
            onAnotherThread {
                ends.record((try? server.run { listening.record(true) }) != nil)
            }
            try await onAThreadOfItsOwn { () throws in
                #expect(listening.wait(for: 1))
                #expect(try exchange(get("/"), port: server.port).text == "fine")
                server.stop(within: .seconds(30))
                #expect(ends.wait(for: 1) && ends.values == [true])
            }
            #expect(
                events.values
                    == ["start one", "start two", "request", "stop two", "stop one"])
        }
    }

    /// What a handler may do, on any worker.
    @Test(arguments: backends)
    func runOnTheFirstWorkerWhileAllWork(backend: Server.Backend) async throws {
        let events = Recorder<String>()
        let workers = Recorder<Worker>()
        var configuration = local(backend)
        configuration.workers = 3
        let server = try Server(configuration: configuration) { worker in
            workers.record(worker)
            return { _, response in response.send("") }
        }
        for add in [server.onStart, server.onStop] {
            add {
                #expect(Worker.current?.index == 0 && Worker.current?.isCurrent == true)
                try await Worker.current!.sleep(for: .milliseconds(1))
                #expect(Worker.current?.isCurrent == true)
                for worker in workers.values {
                    let index = await Task(executorPreference: worker.taskExecutor) {
                        worker.isCurrent ? Worker.current?.index : nil
                    }.value
                    events.record("\(index ?? -1)")
                }
            }
        }
        try await onAThreadOfItsOwn { () throws in
            try server.start()
            #expect(events.values.sorted() == ["0", "1", "2"])
            server.stop(within: .seconds(30))
            server.wait()
        }
        #expect(events.values.sorted() == ["0", "0", "1", "1", "2", "2"])
    }

    /// The start ends with what was thrown, and what was opened before is closed.
    @Test(arguments: manners)
    func endTheStartByThrowing(
        backend: Server.Backend, workers: Int, isHere: Bool
    ) async throws {
        let (events, log) = (Recorder<String>(), Recorder<String>())
        var configuration = local(backend, log: log)
        configuration.workers = workers
        configuration.usesCallingThread = isHere
        let server = try makeServer(configuration, events)
        add(["one"], to: server, events)
        server.onStop {
            events.record("stop between")
            throw Refused(description: "nothing to close")
        }
        let isRefused = Recorder<Bool>()
        server.onStart { if isRefused.values.isEmpty { throw Refused() } }
        add(["two"], to: server, events)
        let error = try await onAThreadOfItsOwn { () throws in
            do {
                if isHere { try server.run() } else { try server.start() }
                return ServerError?.none
            } catch let error as ServerError {
                return error
            }
        }
        #expect(error?.kind == .startFailed && error?.cause is Refused)
        #expect(error?.message == "A start hook has failed: the database is closed")
        #expect(events.values == ["start one", "stop between", "stop one"])
        #expect(log.values == ["A stop hook has failed: nothing to close"])
        #expect(try !connects(to: server.port))
        // It may be started again.
        isRefused.record(false)
        events.clear()
        try await onAThreadOfItsOwn { () throws in
            try server.start()
            #expect(try exchange(get("/"), port: server.port).text == "fine")
            server.stop(within: .seconds(30))
            server.wait()
        }
        #expect(
            events.values == [
                "start one", "start two", "request", "stop two", "stop between", "stop one",
            ])
    }

    /// A start that waits is told to stop: by another thread.
    @Test(arguments: manners)
    func areCancelledByAStop(backend: Server.Backend, workers: Int, isHere: Bool) async throws {
        let events = Recorder<String>()
        var configuration = local(backend)
        configuration.workers = workers
        configuration.usesCallingThread = isHere
        let server = try makeServer(configuration, events)
        add(["one"], to: server, events)
        let begun = Recorder<Bool>()
        server.onStart {
            begun.record(true)
            try await Worker.current!.sleep(for: .seconds(600))
        }
        add(["two"], to: server, events)
        let (kinds, ends) = (Recorder<ServerError.Kind?>(), Recorder<Bool>())
        onAnotherThread {
            do {
                if isHere { try server.run() } else { try server.start() }
                kinds.record(nil)
            } catch {
                kinds.record((error as? ServerError)?.kind)
            }
            ends.record(true)
        }
        try await onAThreadOfItsOwn { () throws in
            #expect(begun.wait(for: 1))
            server.stop(within: .seconds(30))
            #expect(ends.wait(for: 1))
        }
        // For `run` it is a stop like any other.
        #expect(kinds.values == [isHere ? nil : .stopped])
        #expect(events.values == ["start one", "stop one"])
        #expect(try !connects(to: server.port))
    }

    /// Even where there is no time for clients; one that does not return in time is cancelled.
    @Test(arguments: backends)
    func haveTimeInAStopAtOnce(backend: Server.Backend) async throws {
        let events = Recorder<String>()
        let server = try makeServer(local(backend), events)
        add(["one"], to: server, events)
        try await onAThreadOfItsOwn { () throws in
            try server.start()
            server.stop(within: .zero)
            server.wait()
        }
        #expect(events.values == ["start one", "stop one"])
    }

    @Test(arguments: [TestMode.inProcess, .socket])
    func runForTests(mode: TestMode) async throws {
        let events = Recorder<String>()
        let server = try makeServer(local(), events)
        add(["one", "two"], to: server, events)
        try await server.test(mode) { client async throws in
            #expect(events.values == ["start one", "start two"])
            #expect(try await client.get("/").text == "fine")
        }
        #expect(
            events.values == ["start one", "start two", "request", "stop two", "stop one"])
    }

    @Test(arguments: [TestMode.inProcess, .socket])
    func endATestByThrowing(mode: TestMode) async throws {
        let events = Recorder<String>()
        let server = try makeServer(local(), events)
        add(["one"], to: server, events)
        server.onStart { throw Refused() }
        let error = await #expect(throws: ServerError.self) {
            try await server.test(mode) { _ in events.record("test") }
        }
        #expect(error?.kind == .startFailed && error?.cause is Refused)
        #expect(events.values == ["start one", "stop one"])
    }

    @Test func runForRawRequests() async throws {
        let (events, log) = (Recorder<String>(), Recorder<String>())
        let server = try makeServer(local(log: log), events)
        add(["one"], to: server, events)
        let isRefused = Recorder<Bool>()
        server.onStart { if !isRefused.values.isEmpty { throw Refused() } }
        for _ in 1...2 {
            events.clear()
            let answer = await server.handle(Array(get("/").utf8))
            #expect(String(decoding: answer, as: UTF8.self).hasSuffix("fine"))
            #expect(events.values == ["start one", "request", "stop one"])
        }
        isRefused.record(true)
        #expect(await server.handle(Array(get("/").utf8)) == [])
        #expect(log.values == ["A start hook has failed: the database is closed"])
    }
}
