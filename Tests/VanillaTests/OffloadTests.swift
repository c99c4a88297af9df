// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

@Suite struct OffloadTests {
    /// Holds threads until it is opened.
    private final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        let entered = Recorder<Int>()

        func pass(_ number: Int) -> Int {
            entered.record(number)
            semaphore.wait()
            return number
        }

        func open(_ count: Int) { for _ in 0..<count { semaphore.signal() } }
    }

    private func makeServer(
        threads: Int = 2, waiting: Int = 2, backend: Server.Backend? = nil,
        _ handler: @escaping Server.AsyncHandler
    ) throws -> Server {
        var configuration = local(backend)
        configuration.offload.maximumThreads = threads
        configuration.offload.maximumWaiting = waiting
        return try Server(
            configuration: configuration,
            router: Router { routes in routes.get("/*path", handler) })
    }

    @Test(arguments: backends)
    func comesBackToTheWorker(backend: Server.Backend) async throws {
        let server = try makeServer(backend: backend) { _, response in
            let worker = Worker.current
            let here = threadNumber()
            let (there, isWorkers, task) = try await Worker.offload {
                (threadNumber(), Worker.current != nil, withUnsafeCurrentTask { $0 != nil })
            }
            #expect(there != here && !isWorkers && !task)
            #expect(threadNumber() == here && Worker.current == worker)
            await #expect(throws: TestFailure.self) {
                try await Worker.offload { throw TestFailure() }
            }
            #expect(threadNumber() == here)
            response.send("back")
        }
        try await server.test(.socket) { client async throws in
            for _ in 1...3 { #expect(try await client.get("/").text == "back") }
        }
    }

    /// As many threads as may be, as many that wait, and 503 for the next one.
    @Test func isBounded() async throws {
        let gate = Gate()
        let server = try makeServer { request, response in
            let number = try request.parameters.require("path", as: Int.self)
            response.send("\(try await Worker.offload { gate.pass(number) })")
        }
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        let port = server.port
        let answers = Recorder<String>()
        let ask = { @Sendable (number: Int) in
            onAnotherThread {
                answers.record(
                    (try? exchange(get("/\(number)"), port: port, deadline: .seconds(60)).text)
                        ?? "none")
            }
        }
        try await onAThreadOfItsOwn { () throws in
            for number in 0..<4 {
                ask(number)
                // One after the other, so that it is known which ones wait.
                try waitHere {
                    let now = server.statistics.offload
                    return now.running + now.waiting == number + 1
                }
            }
            #expect(gate.entered.wait(for: 2))
            try waitHere { server.statistics.offload.running == 2 }
            #expect(server.statistics.offload.waiting == 2)
            let refused = try exchange(get("/4"), port: port)
            #expect(refused.status == 503 && refused["Retry-After"] == "1")
            gate.open(4)
            #expect(answers.wait(for: 4))
        }
        #expect(answers.values.sorted() == ["0", "1", "2", "3"])
        #expect(gate.entered.values.prefix(2).sorted() == [0, 1])
        let counted = server.statistics.offload
        #expect(counted.done == 4 && counted.refused == 1)
        #expect(counted.running == 0 && counted.waiting == 0)
    }

    /// What waits is not begun; what runs is waited for.
    @Test func isCancelledBeforeItBegins() async throws {
        let gate = Gate()
        let server = try makeServer(threads: 1, waiting: 10) { _, response in response.send("") }
        let workers = Recorder<Worker>()
        server.onStart { workers.record(Worker.current!) }
        try await onAThreadOfItsOwn { try server.start() }
        let executor = workers.values[0].taskExecutor
        let first = Task(executorPreference: executor) {
            try await Worker.offload { gate.pass(1) }
        }
        try await onAThreadOfItsOwn { () throws in #expect(gate.entered.wait(for: 1)) }
        let second = Task(executorPreference: executor) {
            try await Worker.offload { gate.pass(2) }
        }
        let third = Task(executorPreference: executor) {
            try await Worker.offload { gate.pass(3) }
        }
        try await onAThreadOfItsOwn { () throws in
            try waitHere { server.statistics.offload.waiting == 2 }
        }
        first.cancel()
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(server.statistics.offload.waiting == 1)
        let fourth = Task(executorPreference: executor) {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await Worker.offload { gate.pass(4) }
        }
        await #expect(throws: CancellationError.self) { try await fourth.value }
        gate.open(2)
        #expect(try await first.value == 1)
        #expect(try await third.value == 3)
        #expect(gate.entered.values == [1, 3])
        #expect(server.statistics.offload.cancelled == 1)
        try await onAThreadOfItsOwn {
            server.stop(within: .zero)
            server.wait()
        }
    }

    /// Where the caller belongs to no worker, it is done all the same.
    @Test func worksAnywhere() async throws {
        #expect(try await Worker.offload { 1 } == 1)
        #expect(try await Task.detached { try await Worker.offload { 2 } }.value == 2)
        #expect(try await onMainActor() == 3)
    }

    @MainActor private func onMainActor() async throws -> Int {
        let result = try await Worker.offload { Thread.isMainThread ? 0 : 3 }
        MainActor.assertIsolated()
        return result
    }

    @Test(arguments: [("offload.maximumThreads", 0, 1), ("offload.maximumWaiting", 1, -1)])
    func refusesImpossibleBounds(option: String, threads: Int, waiting: Int) {
        let error = #expect(throws: ServerError.self) {
            try makeServer(threads: threads, waiting: waiting) { _, response in response.send("") }
        }
        #expect(error?.kind == .invalidConfiguration)
        #expect(error?.message.hasPrefix(option) == true)
    }

    @concurrent private static func whereConcurrentRuns() async -> Int { threadNumber() }

    /// What docs/BLOCKING_WORK.md says of other ways.
    @Test func isTheOnlyWayThatLeavesTheWorker() async throws {
        let server = try makeServer { _, response in
            let here = threadNumber()
            // Neither `@concurrent` nor a child task is elsewhere.
            #expect(await Self.whereConcurrentRuns() == here)
            async let child = Self.whereConcurrentRuns()
            #expect(await child == here)
            // These are, on one of Swift's few threads, and belong to no worker.
            let task = await Task { (threadNumber(), Worker.current == nil) }.value
            #expect(task.0 != here && task.1)
            let detached = await Task.detached { (threadNumber(), Worker.current == nil) }.value
            #expect(detached.0 != here && detached.1)
            #expect(threadNumber() == here)
            response.send("seen")
        }
        try await server.test(.socket) { client async throws in
            #expect(try await client.get("/").text == "seen")
        }
    }
}
