// SPDX-License-Identifier: MIT

import Glibc
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

/// What belongs to a worker, used from an actor that the tasks of several workers call.
@Suite(.serialized) struct WorkerIsolationTests {
    /// Asks several workers at the same time. Returns what was answered, each text once.
    private static func answers(
        _ backend: Server.Backend, _ handler: @escaping Server.AsyncHandler
    ) throws -> Set<String> {
        try answers(backend) { routes in routes.get("/", handler) }
    }

    private static func answers(
        _ backend: Server.Backend, routes: @escaping @Sendable (inout Routes) -> Void
    ) throws -> Set<String> {
        let log = Recorder<String>()
        var configuration = local(backend, log: log)
        configuration.workers = 4
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
                    let answer = try? exchange(get("/"), port: port)
                    found.record(answer.map { String(decoding: $0.body, as: UTF8.self) } ?? "none")
                }
            }
        }
        #expect(found.wait(for: 16 * 8, deadline: 120))
        #expect(log.values == [])
        return Set(found.values)
    }

    @Test(arguments: backends)
    func belongsToItsTask(backend: Server.Backend) throws {
        let clock = Clock()
        let answers = try Self.answers(backend) { _, response in
            let worker = Worker.current!
            response.send(worker.isCurrent ? try await clock.check(worker) : "elsewhere")
        }
        #expect(answers == [""])
    }

    /// Always, not only where the actor is on another thread.
    @Test(arguments: backends)
    func refusesAnActorWhatCannotGoToItsThread(backend: Server.Backend) throws {
        let clock = Clock()
        let answers = try Self.answers(backend) { _, response in
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
    func watchesForAnActor(backend: Server.Backend) throws {
        let clock = Clock()
        let answers = try Self.answers(backend) { _, response in
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
    func isNobodysInATaskOfItsOwn(backend: Server.Backend) throws {
        let clock = Clock()
        let answers = try Self.answers(backend) { _, response in
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
    func streamsAndAnswersFromAnActor(backend: Server.Backend) throws {
        let clock = Clock()
        let later = try Self.answers(
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
        let events = try Self.answers(backend) { _, response in
            var opened: EventStream?
            try response.streamEvents { opened = $0 }
            if let opened { try await clock.send(opened) }
        }
        #expect(events.allSatisfy { $0.contains("data: event\n\n") })
    }
}
