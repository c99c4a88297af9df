// SPDX-License-Identifier: MIT

import CLibrary
import Testing
import Vanilla
import VanillaTestSupport

/// What an application puts between its handlers and their worker. Its jobs run on whichever thread
/// holds it.
private actor Clock {
    /// What is wrong; empty where nothing is.
    func check(_ worker: Worker) async throws -> String {
        guard Worker.current == worker else { return "another worker" }
        try await Worker.current?.sleep(for: .microseconds(100))
        guard Worker.current == worker else { return "another worker after a sleep" }
        let late = Recorder<Bool>()
        let timer = Worker.Timer(on: worker) { @Sendable in late.record(worker.isCurrent) }
        let turn = Worker.TurnTask(on: worker) { @Sendable in late.record(worker.isCurrent) }
        timer.set(after: .milliseconds(1))
        turn.schedule()
        while late.values.count < 2 { try await worker.sleep(for: .microseconds(200)) }
        timer.set(after: .seconds(100))
        timer.cancel()
        return late.values == [true, true] ? "" : "a timer elsewhere"
    }

    func watches(_ worker: Worker, _ descriptor: Int32) -> Bool {
        do {
            _ = try worker.watch(descriptor)
            return true
        } catch {
            return error.kind != .notOnWorker
        }
    }

    func keepsState(on worker: Worker) -> Bool {
        do {
            _ = try worker.state(of: self) { Recorder<Int>() }
            return true
        } catch {
            return error.kind != .notOnWorker
        }
    }

    /// Waits by what its caller has made.
    func wait(for watch: sending Worker.DescriptorWatch) async throws -> Bool {
        // The compiler knows no worker to go to.
        nonisolated(unsafe) let watch = watch
        let found = try await watch.ready(for: .readable)
        watch.close()
        do {
            _ = try await watch.ready(for: .readable)
            return false
        } catch {
            return found.contains(.readable) && error is CancellationError
        }
    }

    func asksForItsWorker() async -> Worker? {
        await Task { Worker.current }.value
    }

    func send(_ stream: EventStream) async throws {
        try await stream.sendWhenReady("event")
        stream.close()
    }

    func finish(_ completion: ResponseWriter.Completion) {
        completion.finish { response in
            response.send(Worker.current?.isCurrent == true ? "" : "elsewhere")
        }
    }
}

/// Tasks of no worker wait for a thread as long as other tests have all of them.
private let answerDeadline = Duration.seconds(600)

/// What belongs to a worker, used from an actor that the tasks of several workers call.
@Suite(.serialized) struct WorkerIsolationTests {
    /// Asks several workers at the same time. Returns what was answered, each text once.
    ///
    /// - Parameter log: Takes what the server says; nil where it is to say nothing.
    private static func answers(
        _ backend: Server.Backend, log: Recorder<String>? = nil,
        _ handler: @escaping Server.AsyncHandler
    ) async throws -> Set<String> {
        try await answers(backend, log: log) { routes in routes.get("/", handler) }
    }

    private static func answers(
        _ backend: Server.Backend, log expected: Recorder<String>? = nil,
        routes: @escaping @Sendable (inout Routes) -> Void
    ) async throws -> Set<String> {
        let log = expected ?? Recorder<String>()
        var configuration = local(backend, log: log)
        configuration.workers = 4
        configuration.deadlines.handler = answerDeadline
        let server = try Server(
            configuration: configuration, router: Router(routes))
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        let found = Recorder<String>()
        let port = server.port
        for _ in 0..<16 {
            onAnotherThread {
                for _ in 0..<8 {
                    let answer = try? exchange(
                        get("/"), port: port, deadline: answerDeadline)
                    found.record(answer.map { String(decoding: $0.body, as: UTF8.self) } ?? "none")
                }
            }
        }
        let isComplete = try await onAThreadOfItsOwn { found.wait(for: 16 * 8, deadline: 600) }
        #expect(isComplete)
        if expected == nil { #expect(log.values == []) }
        return Set(found.values)
    }

    @Test(arguments: backends)
    func belongsToItsTask(backend: Server.Backend) async throws {
        let clock = Clock()
        let answers = try await Self.answers(backend) { _, response in
            let worker = Worker.current!
            response.send(worker.isCurrent ? try await clock.check(worker) : "elsewhere")
        }
        #expect(answers == [""])
    }

    /// Always, not only where the actor is on another thread.
    @Test(arguments: backends)
    func refusesAnActorWhatCannotGoToItsThread(backend: Server.Backend) async throws {
        let clock = Clock()
        let answers = try await Self.answers(backend) { _, response in
            let worker = Worker.current!
            let watches = await clock.watches(worker, 0)
            let keeps = await clock.keepsState(on: worker)
            let mine = try worker.state(of: clock) { Recorder<Int>() }
            let same = try worker.state(of: clock) { Recorder<Int>() }
            response.send("\(watches) \(keeps) \(mine === same)")
        }
        #expect(answers == ["false false true"])
    }

    @Test(arguments: backends)
    func watchesForAnActor(backend: Server.Backend) async throws {
        let clock = Clock()
        let answers = try await Self.answers(backend) { _, response in
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { return response.send("no pipe") }
            let (reading, writing) = (ends[0], ends[1])
            defer { close(reading) }
            // Nor does it know that the actor may have it.
            nonisolated(unsafe) let watch = try Worker.current!.watch(reading)
            onAnotherThread {
                _ = write(writing, "x", 1)
                close(writing)
            }
            response.send(try await clock.wait(for: watch) ? "ready" : "not ready")
        }
        #expect(answers == ["ready"])
    }

    @Test(arguments: backends)
    func isNobodysInATaskOfItsOwn(backend: Server.Backend) async throws {
        let clock = Clock()
        let answers = try await Self.answers(backend) { _, response in
            async let mine = clock.check(Worker.current!)
            let others = await clock.asksForItsWorker()
            let child = await withTaskGroup(of: Worker?.self) { group in
                group.addTask { Worker.current }
                return await group.next() ?? nil
            }
            let detached = await Task.detached { Worker.current }.value
            let isRight = child == Worker.current && others == nil && detached == nil
            response.send(try await mine + (isRight ? "" : "wrong"))
        }
        #expect(answers == [""])
    }

    @Test(arguments: backends)
    func streamsAndAnswersFromAnActor(backend: Server.Backend) async throws {
        let clock = Clock()
        let later = try await Self.answers(
            backend,
            routes: { routes in
                routes.get("/") { _, response in
                    let completion = response.sendLater()
                    let worker = Worker.current!
                    Task(executorPreference: worker.taskExecutor) {
                        await clock.finish(completion)
                    }
                }
            })
        #expect(later == [""])
        let events = try await Self.answers(backend) { _, response in
            var opened: EventStream?
            try response.streamEvents { opened = $0 }
            if let opened { try await clock.send(opened) }
        }
        #expect(events.allSatisfy { $0.contains("data: event\n\n") })
    }

    /// What a handler tells its response on another thread is refused and logged; back on its own
    /// it answers. Another worker's thread is one that has exchanges of its own under way.
    @Test(arguments: backends)
    func refusesAResponseOnAnotherThread(backend: Server.Backend) async throws {
        let workers = Recorder<Worker>()
        let queue = QueueExecutor()
        let log = Recorder<String>()
        let hub = try EventHub()
        let answers = try await Self.answers(backend, log: log) { request, response in
            let own = Worker.current!
            workers.record(own)
            let other = Set(workers.values).first { $0 != own }?.taskExecutor ?? queue
            let peer = request.peer
            let wrong = await withTaskExecutorPreference(other) {
                Self.refuses(&response, hub) && request.peer == nil
                    ? "" : "taken on another thread"
            }
            guard own.isCurrent, peer != nil, request.peer == peer, !response.isAnswered else {
                return response.send("not back")
            }
            response.send(wrong)
        }
        #expect(answers == [""])
        let found = Set(log.values)
        let elsewhere = "but this is on another thread than its worker's."
        #expect(found.contains("GET / (route /): send was called, \(elsewhere)"))
        #expect(found.allSatisfy { $0.contains("on another thread than its worker's") })
    }

    /// Whether everything that a handler may tell its response is refused.
    private static func refuses(_ response: inout ResponseWriter, _ hub: EventHub) -> Bool {
        response.status = .created
        response.headers.add("X-A", "b")
        response.send("text")
        response.send(SharedBytes(Array("text".utf8)))
        response.send(status: .ok)
        response.sendRaw("HTTP/1.1 200 OK\r\n\r\n")
        response.stream { _ in .done }
        response.receiveBody { _, _ in .more }
        response.sendPreconditionFailed()
        _ = response.sendNotModified(ifMatching: ETag(version: 1))
        _ = response.sendLater()
        response.handle.resume()
        let errors = [
            kind { try response.headers.add("X-A", String("b")) },
            kind { try response.streamEvents { _ in } },
            kind { try response.subscribe(to: "a", in: hub) },
        ]
        return errors == [.notOnWorker, .notOnWorker, .notOnWorker] && !response.isAnswered
    }

    private static func kind(_ body: () throws -> Void) -> ResponseError.Kind? {
        do {
            try body()
            return nil
        } catch {
            return (error as? ResponseError)?.kind
        }
    }
}
