// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

@testable import VanillaPostgres

private let echo = Statement("select $1::int8", .reads)

/// A pool in the hooks of a server, and in tasks that belong to no worker.
@Suite(.serialized, .needsPostgres) struct PostgresAnywhereTests {
    private static func makePool() throws -> PostgresPool {
        var configuration = PostgresPool.Configuration(try database.get().connectionString)
        configuration.maximum = 2
        configuration.acquireTimeout = .seconds(60)
        return try PostgresPool(configuration)
    }

    /// Runs a server with so many workers.
    private static func serve(
        _ backend: Server.Backend, workers: Int, opening pool: PostgresPool? = nil,
        hook: @escaping @Sendable (String) async throws -> Void = { _ in },
        _ body: () async throws -> Void
    ) async throws {
        var configuration = local(backend)
        configuration.workers = workers
        let server = try Server(configuration: configuration) { _, response in response.send("") }
        server.onStart {
            try pool?.open()
            try await hook("start")
        }
        server.onStop { try await hook("stop") }
        try await onAThreadOfItsOwn { try server.start() }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        try await onAThreadOfItsOwn {
            server.stop(within: .seconds(30))
            server.wait()
        }
        try result.get()
    }

    /// Alone, in a transaction, and from a task that is on no worker.
    private static func use(_ pool: PostgresPool, _ number: Int) async throws {
        #expect(try await pool.query(echo, number, as: Int.self) == [number])
        let found = try await pool.withTransaction { connection in
            try await connection.query("select $1::int8", number, as: Int.self)
        }
        #expect(found == [number])
        let elsewhere = Task.detached { try await pool.query(echo, number, as: Int.self) }
        #expect(try await elsewhere.value == [number])
    }

    @Test(arguments: backends, [1, 4])
    func worksInHooks(backend: Server.Backend, workers: Int) async throws {
        let pool = try Self.makePool()
        let events = Recorder<String>()
        let hook: @Sendable (String) async throws -> Void = { name in
            try await Self.use(pool, 1)
            events.record(name)
        }
        try await Self.serve(backend, workers: workers, hook: hook) {
            #expect(events.values == ["start"])
        }
        #expect(events.values == ["start", "stop"])
        // Its connections are closed with the workers.
        #expect(pool.statistics.size == 0 && pool.statistics.waiting == 0)
    }

    @Test(arguments: [TestMode.inProcess, .socket])
    func worksInHooksOfATest(mode: TestMode) async throws {
        let pool = try Self.makePool()
        let server = try Server(
            configuration: local(),
            router: Router { routes in
                routes.get("/:number") { request, response in
                    let number = try request.parameters.require("number", as: Int.self)
                    response.send("\(try await pool.query(echo, number, as: Int.self))")
                }
            })
        let events = Recorder<String>()
        server.onStart {
            try await Self.use(pool, 1)
            events.record("start")
        }
        server.onStop {
            try await Self.use(pool, 2)
            events.record("stop")
        }
        for _ in 1...2 {
            try await server.test(mode) { client async throws in
                #expect(try await client.get("/7").text == "[7]")
                try await Self.use(pool, 3)
            }
        }
        #expect(events.values == ["start", "stop", "start", "stop"])
        // Each call is a life of its own, on a worker that begins and ends again.
        for _ in 1...2 {
            let answer = await server.handle(Array(get("/8").utf8))
            #expect(Answer(answer).text == "[8]")
        }
        #expect(events.values.count == 8)
    }

    @MainActor private static func useOnMainActor(_ pool: PostgresPool) async throws {
        let found: Int = try await pool.query(echo, 5)[0][0]
        MainActor.assertIsolated()
        #expect(found == 5)
        try await pool.withTransaction { connection async throws in
            MainActor.assertIsolated()
            #expect(try await connection.query(echo, 6, as: Int.self) == [6])
            MainActor.assertIsolated()
        }
    }

    /// Every worker of the server does its part, and the tasks come back to where they were.
    @Test(arguments: backends)
    func spreadsTasksOfNoWorker(backend: Server.Backend) async throws {
        let pool = try Self.makePool()
        try await Self.serve(backend, workers: 3, opening: pool) {
            try await Self.useOnMainActor(pool)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        let isOnWorker = Worker.current != nil
                        try await Self.use(pool, number)
                        #expect(!isOnWorker && Worker.current == nil)
                    }
                }
                try await group.waitForAll()
            }
            #expect(Set(pool.table.shards.map(\.worker.index)) == [0, 1, 2])
        }
    }

    @Test(arguments: backends)
    func isCancelledInATaskOfNoWorker(backend: Server.Backend) async throws {
        let pool = try Self.makePool()
        try await Self.serve(backend, workers: 2, opening: pool) {
            let begun = Recorder<Bool>()
            let task = Task.detached {
                try await pool.withTransaction { connection in
                    _ = try await connection.query("select 1")
                    begun.record(true)
                    _ = try await connection.query("select pg_sleep(600)")
                }
            }
            try await onAThreadOfItsOwn { () throws in #expect(begun.wait(for: 1)) }
            task.cancel()
            await #expect(throws: (any Error).self) { try await task.value }
            try await Self.use(pool, 1)
        }
    }

    /// A migration that is refused is why the server does not start.
    @Test func endsTheStartWithItsError() async throws {
        let pool = try Self.makePool()
        let server = try Server(configuration: local()) { _, response in response.send("") }
        server.onStart { _ = try await pool.query("alter table that_is_none add x int") }
        let error = await #expect(throws: ServerError.self) {
            try await onAThreadOfItsOwn { try server.start() }
        }
        #expect((error?.cause as? PostgresError)?.sqlState == "42P01")
        #expect(error?.message.contains("that_is_none") == true)
    }

    /// Nothing waits for a server that may never come.
    @Test func saysThatNoServerRuns() throws {
        let pool = try Self.makePool()
        let error = #expect(throws: PostgresError.self) { try pool.table.choose(among: []) }
        #expect(error?.kind == .stopped && error?.message.contains("onStart") == true)
    }

    /// What is asked while the server stops ends with an answer or an error, and no task hangs.
    @Test(arguments: backends)
    func endsWithTheServer(backend: Server.Backend) async throws {
        let pool = try Self.makePool()
        let tasks = Recorder<Task<Void, Never>>()
        try await Self.serve(backend, workers: 2, opening: pool) {
            for number in 0..<20 {
                tasks.record(
                    Task.detached {
                        // As long as a server runs, which may be one of another test.
                        for _ in 0..<20 {
                            _ = try? await pool.query(echo, number)
                        }
                    })
            }
        }
        for task in tasks.values { await task.value }
    }
}
