// SPDX-License-Identifier: MIT

import Dispatch
import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

private let echo = Statement("select $1::int8", .reads)
private let write = Statement("select $1::int8")

/// What an application puts between its handlers and the pool. Its jobs run on whichever thread
/// holds it: any worker's, and those of Swift's pool.
private actor Users {
    let pool: PostgresPool

    init(_ pool: PostgresPool) {
        self.pool = pool
    }

    func read(_ number: Int) async throws -> Int { try await pool.query(echo, number)[0][0] }

    func write(_ number: Int) async throws -> Int {
        let rows = try await pool.query(VanillaPostgresTests.write, number)
        return try rows[0][0]
    }

    func readText(_ number: Int) async throws -> Int {
        try await pool.query("select $1::int8", number)[0][0]
    }

    func transact(_ number: Int) async throws -> Int {
        try await pool.withTransaction { connection in
            let first: Int = try await connection.query(echo, number)[0][0]
            let second: Int = try await connection.query("select $1::int8", number)[0][0]
            return first == second ? first : -1
        }
    }

    /// Nothing is asked, so that nothing begins.
    func transactNothing(_ number: Int) async throws -> Int {
        try await pool.withTransaction { _ in number }
    }

    func lease(_ number: Int) async throws -> Int {
        let connection = try await pool.acquire()
        defer { pool.release(connection) }
        guard connection.process > 0 else { return -1 }
        return try await connection.query(echo, number)[0][0]
    }

    /// One query after the other, some of which fail.
    func fail(_ number: Int) async throws -> Int {
        let first = await stateOfError { _ = try await pool.query("select 1 / 0") }
        let second = await stateOfError { _ = try await pool.query("select $1::int8", "\0") }
        let third = await stateOfError { _ = try await pool.query("select '\0'") }
        let states = [first, second, third]
        return states == ["22012", "encoding", "encoding"] ? try await read(number) : -1
    }

    func read(_ number: Int, on connection: PostgresConnection) async throws -> Int {
        try await connection.query(echo, number)[0][0]
    }

    func open(_ number: Int) async throws -> Int {
        try pool.open()
        return try await read(number)
    }

    /// Tasks of its own belong to no worker, whoever made them and wherever they run.
    func unstructured(_ number: Int) async throws -> Int {
        try await Task { try await read(number) }.value
    }

    func immediate(_ number: Int) async throws -> Int {
        try await Task.immediate { try await read(number) }.value
    }
}

private struct Repository {
    let connection: PostgresConnection

    func read(_ number: Int) async throws -> Int {
        try await connection.query(echo, number)[0][0]
    }
}

private func read(_ number: Int, on connection: PostgresConnection) async throws -> Int {
    try await connection.query("select $1::int8", number)[0][0]
}

/// The answer to a request for a number, over a connection of its own, so that every worker has
/// some.
private func text(of number: Int, port: Int) -> String {
    do {
        return try exchange(
            "GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n", port: port, deadline: .seconds(60)
        ).text
    } catch {
        return "\(error)"
    }
}

/// How an attempt failed: its SQL state, or its kind.
nonisolated(nonsending) private func stateOfError(
    _ body: nonisolated(nonsending) () async throws -> Void
) async -> String {
    do {
        try await body()
        return ""
    } catch let error as PostgresError {
        return error.sqlState.isEmpty ? error.kind.description : error.sqlState
    } catch {
        return "\(error)"
    }
}

@globalActor private actor Accounts {
    static let shared = Accounts()
}

/// An actor with a thread of its own.
private actor Archive {
    private final class Executor: SerialExecutor {
        private let queue = DispatchQueue(label: "an actor of a test")

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        }
    }

    private let executor = Executor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func read(_ pool: PostgresPool, _ number: Int) async throws -> Int {
        let first: Int = try await pool.query(echo, number)[0][0]
        let second = try await pool.withTransaction { connection -> Int in
            try await connection.query(write, number)[0][0]
        }
        return first == second ? first : -1
    }
}

@Accounts private func readInGlobalActor(_ pool: PostgresPool, _ number: Int) async throws -> Int {
    let first: Int = try await pool.query(echo, number)[0][0]
    return try await pool.withConnection { connection in
        try await connection.query(write, first)[0][0]
    }
}

@MainActor private func readInMainActor(_ pool: PostgresPool, _ number: Int) async throws -> Int {
    let first: Int = try await pool.query(echo, number)[0][0]
    return try await pool.withTransaction { connection in
        try await connection.query(write, first)[0][0]
    }
}

@concurrent private func readConcurrently(
    _ pool: PostgresPool, _ number: Int
) async throws -> Int {
    let first: Int = try await pool.query(echo, number)[0][0]
    return try await pool.withConnection { connection in
        try await connection.query(write, first)[0][0]
    }
}

/// A pool used by several workers from places that are not the worker's own.
@Suite(.serialized, .needsPostgres) struct PostgresIsolationTests {
    typealias Act = @Sendable (PostgresPool, Int) async throws -> Int

    /// Those of each client.
    private static let requestCount = isSanitized ? 4 : 12

    /// Runs an act in the handlers of many requests, of several connections, at the same time.
    /// Returns what was answered, each text once.
    private static func answers(
        _ workers: Int, _ backend: Server.Backend, clients: Int = 16, requests: Int = requestCount,
        maximum: Int = 3, _ makeAct: (PostgresPool) throws -> Act
    ) async throws -> Set<String> {
        var configuration = PostgresPool.Configuration(try database.get().connectionString)
        configuration.maximum = maximum
        configuration.acquireTimeout = .seconds(60)
        let log = Recorder<String>()
        configuration.log = { level, message in log.record(message) }
        let pool = try PostgresPool(configuration)
        let act = try makeAct(pool)
        var served = local(backend, log: log)
        served.workers = workers
        served.deadlines.handler = .seconds(60)
        let router = try Router { routes in
            routes.get("/:number") { request, response in
                let number = try request.parameters.require("number", as: Int.self)
                do {
                    let found = try await act(pool, number)
                    response.send(found == number ? "right" : "\(found) for \(number)")
                } catch let error as PostgresError {
                    response.send(error.kind.description)
                } catch {
                    response.send("\(error)")
                }
            }
        }
        let server = try Server(configuration: served, router: router)
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        let port = server.port
        let found = Recorder<String>()
        for client in 0..<clients {
            onAnotherThread {
                for request in 0..<requests {
                    found.record(text(of: client * 1000 + request, port: port))
                }
            }
        }
        let isComplete = try await onAThreadOfItsOwn {
            found.wait(for: clients * requests, deadline: 600)
        }
        #expect(isComplete)
        #expect(pool.statistics.waiting == 0)
        #expect(log.values == [])
        return Set(found.values)
    }

    private static let actorActs: [String: @Sendable (Users, Int) async throws -> Int] = [
        "read": { try await $0.read($1) },
        "write": { try await $0.write($1) },
        "text": { try await $0.readText($1) },
        "transaction": { try await $0.transact($1) },
        "empty transaction": { try await $0.transactNothing($1) },
        "lease": { try await $0.lease($1) },
        "failure": { try await $0.fail($1) },
        "open": { try await $0.open($1) },
    ]

    @Test(arguments: backends, actorActs.keys.sorted())
    func worksInAnActor(backend: Server.Backend, act: String) async throws {
        let body = try #require(Self.actorActs[act])
        for workers in [2, 4] {
            let answers = try await Self.answers(workers, backend) { pool in
                let users = Users(pool)
                return { _, number in try await body(users, number) }
            }
            #expect(answers == ["right"], "\(workers) workers")
        }
    }

    private static let acts: [String: Act] = [
        "global actor": { try await readInGlobalActor($0, $1) },
        "main actor": { try await readInMainActor($0, $1) },
        "concurrent": { try await readConcurrently($0, $1) },
        "task group": { pool, number in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<3 { group.addTask { try await pool.query(echo, number)[0][0] } }
                group.addTask { try await readInGlobalActor(pool, number) }
                var found: Set<Int> = []
                for try await one in group { found.insert(one) }
                return found == [number] ? number : -1
            }
        },
        "child task": { pool, number in
            async let one = readConcurrently(pool, number)
            async let other = readInGlobalActor(pool, number)
            return try await one == other ? number : -1
        },
        "immediate task": { pool, number in
            // It begins as a part of the handler, and belongs to no worker once it has waited: then
            // any worker works for it.
            let task = Task.immediate {
                let found: Int = try await pool.query(echo, number)[0][0]
                return (found, await stateOfError { _ = try await pool.query(echo, number) })
            }
            let (found, state) = try await task.value
            return state.isEmpty ? found : -1
        },
        "handler": { pool, number in
            let rows = try await pool.query(echo, number)
            return try await pool.withTransaction { connection in
                let other: Int = try await connection.query(write, number)[0][0]
                return try rows[0][0] == other ? number : -1
            }
        },
    ]

    @Test(arguments: backends, acts.keys.sorted())
    func worksWhereverTheCallerIs(backend: Server.Backend, act: String) async throws {
        let body = try #require(Self.acts[act])
        #expect(try await Self.answers(4, backend) { _ in body } == ["right"])
    }

    @Test(arguments: backends)
    func worksInAnActorWithAnExecutor(backend: Server.Backend) async throws {
        let answers = try await Self.answers(4, backend) { _ in
            let archive = Archive()
            return { pool, number in try await archive.read(pool, number) }
        }
        #expect(answers == ["right"])
    }

    /// Whatever thread runs them, which in an actor is often a worker's.
    private static let strangers: [String: @Sendable (Users, Int) async throws -> Int] = [
        "task of an actor": { try await $0.unstructured($1) },
        "immediate task of an actor": { try await $0.immediate($1) },
        "detached task": { users, number in
            try await Task.detached { try await users.read(number) }.value
        },
        "detached transaction": { users, number in
            try await Task.detached { try await users.transact(number) }.value
        },
        "detached lease": { users, number in
            try await Task.detached { try await users.lease(number) }.value
        },
        "detached opening": { users, number in
            try await Task.detached { try await users.open(number) }.value
        },
        "another executor": { users, number in
            try await withTaskExecutorPreference(queue) { try await users.read(number) }
        },
    ]

    private static let queue = QueueExecutor()

    @Test(arguments: backends, strangers.keys.sorted())
    func worksForTasksOfNoWorker(backend: Server.Backend, act: String) async throws {
        let body = try #require(Self.strangers[act])
        let answers = try await Self.answers(4, backend) { pool in
            let users = Users(pool)
            return { _, number in
                // Tasks of workers hold the actor meanwhile, so that it often is on their threads.
                async let mine = users.read(number)
                let found = try await body(users, number)
                return try await mine == found ? found : -1
            }
        }
        #expect(answers == ["right"])
    }

    /// A lease is used by tasks of every worker, and by one of none.
    @Test(arguments: backends)
    func usesALeaseFromEveryWorker(backend: Server.Backend) async throws {
        let workers = Recorder<Worker>()
        let answers = try await Self.answers(4, backend, requests: 6) { _ in
            { pool, number in
                if let worker = Worker.current { workers.record(worker) }
                let all = Array(Set(workers.values))
                return try await pool.withTransaction { connection in
                    for worker in all {
                        let task = Task(executorPreference: worker.taskExecutor) {
                            try await connection.query(echo, number)[0][0] as Int
                        }
                        guard try await task.value == number else { return -1 }
                    }
                    return try await Task.detached {
                        try await connection.query(write, number)[0][0]
                    }.value
                }
            }
        }
        #expect(answers == ["right"])
    }

    /// Helpers take a lease, and types keep one, whatever their isolation.
    @Test(arguments: backends)
    func lendsALeaseToHelpers(backend: Server.Backend) async throws {
        let answers = try await Self.answers(4, backend) { pool in
            let users = Users(pool)
            return { pool, number in
                let connection = try await pool.acquire()
                let repository = Repository(connection: connection)
                async let first = read(number, on: connection)
                async let second = repository.read(number)
                async let third = users.read(number, on: connection)
                let all = try await [first, second, third]
                pool.release(connection)
                // A handler that has two at a time waits for itself.
                let transacted = try await pool.withTransaction { connection in
                    try await read(number, on: connection)
                }
                return Set(all) == [number] ? transacted : -1
            }
        }
        #expect(answers == ["right"])
    }

    /// What a task still asks on a lease that another one has given back never reaches whoever has
    /// the connection then.
    @Test(arguments: backends)
    func refusesALeaseThatIsOver(backend: Server.Backend) async throws {
        let answers = try await Self.answers(2, backend, clients: 8, maximum: 2) { _ in
            { pool, number in
                let old = try await pool.acquire()
                let tasks = (0..<4).map { _ in
                    Task.detached {
                        await stateOfError {
                            // It would be the next one's as well.
                            _ = try await old.query("set application_name = 'old'")
                        }
                    }
                }
                pool.release(old, discarding: true)
                let name: String = try await pool.withConnection { connection in
                    for task in tasks {
                        // Asked in time, refused, or cancelled by the release.
                        let state = await task.value
                        guard ["", "misuse", "57014"].contains(state) else { return state }
                    }
                    return try await connection.query("select current_setting('application_name')")[
                        0][0]
                }
                let late = await stateOfError { _ = try await old.query("select 1") }
                return name != "old" && late == "misuse" && old.process == 0 ? number : -1
            }
        }
        #expect(answers == ["right"])
    }

    /// Queries and leases of an actor that nobody waits for any more.
    @Test(arguments: backends)
    func isCancelledInAnActor(backend: Server.Backend) async throws {
        let answers = try await Self.answers(4, backend, requests: 6) { pool in
            let users = Users(pool)
            return { pool, number in
                let worker = try #require(Worker.current)
                let tasks = (0..<4).map { kind in
                    Task(executorPreference: worker.taskExecutor) {
                        switch kind {
                        case 0: try await users.read(number)
                        case 1: try await users.transact(number)
                        case 2: try await users.lease(number)
                        default: try await users.write(number)
                        }
                    }
                }
                if number % 2 == 0 { await Task.yield() }
                for task in tasks { task.cancel() }
                for task in tasks {
                    do {
                        guard try await task.value == number else { return -1 }
                    } catch is CancellationError {}
                }
                return try await users.transact(number)
            }
        }
        #expect(answers == ["right"])
    }

    /// What an actor has under way when the workers end is told so.
    @Test(arguments: backends)
    func endsWithTheWorkersOfAnActor(backend: Server.Backend) async throws {
        let pool = try PostgresPool(.init(try database.get().connectionString))
        let users = Users(pool)
        let ended = Recorder<Int>()
        let begun = Recorder<Int>()
        var configuration = local(backend)
        configuration.workers = 4
        let server = try Server(
            configuration: configuration,
            router: Router { routes in
                routes.get("/:number") { request, response in
                    let number = try request.parameters.require("number", as: Int.self)
                    begun.record(number)
                    defer { ended.record(number) }
                    while !Task.isCancelled {
                        _ = try await users.read(number)
                        _ = try await users.transact(number)
                    }
                }
            })
        try server.start()
        let port = server.port
        for number in 0..<16 { onAnotherThread { _ = text(of: number, port: port) } }
        let hasBegun = try await onAThreadOfItsOwn { begun.wait(for: 16, deadline: 60) }
        #expect(hasBegun)
        server.stop(within: .zero)
        server.wait()
        let hasEnded = try await onAThreadOfItsOwn { ended.wait(for: 16, deadline: 60) }
        #expect(hasEnded)
    }
}
