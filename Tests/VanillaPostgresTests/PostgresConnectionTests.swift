// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

/// Connections that are leased to one.
@Suite(.needsPostgres) struct PostgresConnectionTests {
    private struct Planned: Error {}

    @Test(arguments: backends)
    func commitsAndRollsBack(backend: Server.Backend) async throws {
        let bench = try Bench(backend: backend)
        defer { bench.stop() }
        let ledger = backend == .epoll ? "ledger_of_epoll" : "ledger"
        try await bench.run { pool in
            _ = try await pool.query("drop table if exists \(ledger)")
            _ = try await pool.query("create table \(ledger) (amount int)")
            let insert = Statement("insert into \(ledger) values ($1)")
            try await pool.withTransaction { connection in
                _ = try await connection.query(insert, 1)
                _ = try await connection.query(insert, 2)
            }
            await #expect(throws: Planned.self) {
                try await pool.withTransaction { connection in
                    _ = try await connection.query(insert, 3)
                    throw Planned()
                }
            }
            // Nothing asked, nothing begun.
            try await pool.withTransaction { _ in }
            let sum: Int = try await pool.query("select sum(amount)::int from \(ledger)")[0][0]
            #expect(sum == 3)
            _ = try await pool.query("drop table \(ledger)")
        }
    }

    @Test func doesAfterTheCommitWhatItWasAskedTo() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        let (done, log) = (Recorder<String>(), bench.log)
        try await bench.run { pool in
            let number: Int = try await pool.withTransaction { connection in
                try connection.afterCommit { done.record("one") }
                try connection.afterCommit { throw Planned() }
                try connection.afterCommit { done.record("two") }
                let rows = try await connection.query("select 7")
                #expect(done.values.isEmpty)
                return try rows[0][0]
            }
            #expect(number == 7 && done.values == ["one", "two"])
            #expect(log.values.contains { line in line.contains("after a commit failed") })
            // Undone, refused, and repeated.
            await #expect(throws: Planned.self) {
                try await pool.withTransaction { connection in
                    try connection.afterCommit { done.record("undone") }
                    throw Planned()
                }
            }
            await #expect(throws: PostgresError.self) {
                try await pool.withTransaction { connection in
                    try connection.afterCommit { done.record("not committed") }
                    _ = try? await connection.query("select 1 / 0")
                }
            }
            var attempts = 0
            try await pool.withTransaction(.init(repeats: 1)) { connection in
                attempts += 1
                let attempt = attempts
                try connection.afterCommit { done.record("attempt \(attempt)") }
                if attempt == 1 {
                    try await connection.query("do $$ begin raise sqlstate '40001'; end $$")
                }
            }
            #expect(done.values == ["one", "two", "attempt 2"])
            let connection = try await pool.acquire()
            defer { pool.release(connection) }
            #expect(throws: PostgresError.self) { try connection.afterCommit {} }
        }
    }

    @Test func doesNotCommitWhatHadFailed() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            do {
                try await pool.withTransaction { connection in
                    _ = try? await connection.query("select 1 / 0")
                }
                Issue.record("It was committed.")
            } catch let error as PostgresError {
                #expect(error.sqlState == "25P02")
            }
        }
    }

    @Test func repeatsATransactionThatCouldNotBeSerialized() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        let (bodies, failure) = try await bench.run { pool in
            var bodies = 0
            var failure: PostgresError?
            do {
                try await pool.withTransaction(.init(isolation: .serializable, repeats: 2)) {
                    connection in
                    bodies += 1
                    let level: String = try await connection.query(
                        "select current_setting('transaction_isolation')")[0][0]
                    #expect(level == "serializable")
                    _ = try await connection.query(
                        "do $$ begin raise exception 'again' using errcode = '40001'; end $$")
                }
            } catch let error as PostgresError {
                failure = error
            }
            return (bodies, failure)
        }
        #expect(bodies == 3 && failure?.isSerializationFailure == true)
    }

    @Test func beginsReadOnlyAndKeepsTheConnection() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            do {
                try await pool.withTransaction(.init(isReadOnly: true)) { connection in
                    _ = try await connection.query("create table never (id int)")
                }
                Issue.record("It wrote.")
            } catch let error as PostgresError {
                #expect(error.sqlState == "25006")
            }
            _ = try await pool.query("select 1")
        }
        #expect(bench.pool.statistics.attempts == 1)
    }

    @Test func isClearedBeforeTheNextOneGetsIt() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            let first = try await pool.acquire()
            let process = first.process
            _ = try await first.query("begin")
            _ = try await first.query("create table uncommitted (id int)")
            pool.release(first)
            pool.release(first)
            do {
                _ = try await first.query("select 1")
                Issue.record("It was released.")
            } catch let error as PostgresError {
                #expect(error.kind == .misuse)
            }
            let second = try await pool.acquire()
            defer { pool.release(second) }
            #expect(second.process == process)
            let found: String? = try await second.query("select to_regclass('uncommitted')::text")[
                0][0]
            #expect(found == nil)
        }
    }

    @Test func servesWhoCameFirst() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        let order = try await bench.run { pool in
            let held = try await pool.acquire()
            let order = Recorder<Int>()
            return try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<5 {
                    // On this thread a task begins when this one waits, in order.
                    group.addTask {
                        try await pool.withConnection { _ in order.record(number) }
                    }
                }
                let isWaiting = try await eventually {
                    _ = try await held.query("select 1")
                    return pool.statistics.waiting == 5
                }
                #expect(isWaiting)
                pool.release(held)
                try await group.waitForAll()
                return order.values
            }
        }
        #expect(order == [0, 1, 2, 3, 4])
    }

    @Test func leavesOneConnectionToQueries() async throws {
        let bench = try Bench {
            $0.maximum = 2
            $0.acquireTimeout = .milliseconds(500)
        }
        defer { bench.stop() }
        try await bench.run { pool in
            try await pool.withConnection { first in
                let found: Int = try await pool.query("select 7")[0][0]
                #expect(found == 7)
                // The second is not for leases.
                do {
                    _ = try await pool.acquire()
                    Issue.record("It was leased.")
                } catch let error as RequestError {
                    #expect(error.status == .serviceUnavailable && error.retryAfter == 1)
                    #expect((error.cause as? PostgresError)?.kind == .timeout)
                }
            }
        }
    }

    /// Where the process may have no more, one connection serves both, first come first served.
    @Test func isFairWithTheOneConnectionThatCanBeHad() async throws {
        let bench = try Bench {
            $0.maximum = 4
            $0.maximumInProcess = 1
        }
        defer { bench.stop() }
        let read = Statement("select pg_sleep(0.01)", .reads)
        try await bench.run { pool in
            _ = try await pool.query(read)
            let served = Recorder<Int>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Some under way at all times.
                for _ in 0..<4 {
                    group.addTask {
                        while served.values.count < 10 { _ = try await pool.query(read) }
                    }
                }
                for _ in 0..<2 {
                    group.addTask {
                        while served.values.count < 10 {
                            try await pool.withConnection { connection in
                                _ = try await connection.query(read)
                            }
                            served.record(0)
                            // Leased all the time except here, and yet the others go on.
                            _ = try await pool.query(read)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(bench.pool.statistics.refusals == 0 && bench.pool.statistics.attempts == 1)
    }

    @Test func refusesAtOnceWhenTooManyWait() async throws {
        let bench = try Bench {
            $0.maximum = 1
            $0.maximumWaiting = 2
        }
        defer { bench.stop() }
        let kinds = try await bench.run { pool in
            let held = try await pool.acquire()
            return try await withThrowingTaskGroup(of: PostgresError.Kind?.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        do {
                            _ = try await pool.query("select 1")
                            return nil
                        } catch let error as RequestError {
                            return (error.cause as? PostgresError)?.kind
                        }
                    }
                }
                // Three are refused while two wait for what this one holds.
                for _ in 0..<3 {
                    let kind = try await group.next()
                    #expect(kind == .exhausted)
                }
                pool.release(held)
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(kinds == [nil, nil])
        #expect(bench.pool.statistics.refusals == 3)
    }

    @Test func costsNothingWhenAWaiterGoesAway() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            let held = try await pool.acquire()
            let gone = (0..<10).map { number in
                Task(executorPreference: bench.worker.taskExecutor) {
                    if number % 2 == 0 {
                        try await pool.withConnection { _ in }
                    } else {
                        _ = try await pool.query("select 1")
                    }
                }
            }
            let isWaiting = try await eventually {
                _ = try await held.query("select 1")
                return pool.statistics.waiting == 10
            }
            #expect(isWaiting)
            for task in gone { task.cancel() }
            for task in gone {
                await #expect(throws: CancellationError.self) { try await task.value }
            }
            pool.release(held)
            try await pool.withConnection { _ in }
        }
        #expect(bench.pool.statistics.queries < 100_000)
    }

    @Test(arguments: backends)
    func cancelsWhatALeaseHasUnderWay(backend: Server.Backend) async throws {
        let bench = try Bench(backend: backend) { $0.maximum = 1 }
        defer { bench.stop() }
        let pool = bench.pool
        let process = Recorder<Int32>()
        let task = Task(executorPreference: bench.worker.taskExecutor) {
            try await pool.withConnection { connection in
                process.record(connection.process)
                _ = try await connection.query("select pg_sleep(60)")
            }
        }
        let isRunning = try await eventually {
            let who = process.values.first ?? 0
            let sql = """
                select count(*) from pg_stat_activity
                where pid = \(who) and query like '%pg_sleep%' and state = 'active'
                """
            return try ask(sql, of: database.get()) == "1"
        }
        #expect(isRunning)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        // The same connection, clean.
        try await bench.run { pool in
            try await pool.withConnection { connection in
                #expect(connection.process == process.values.first)
                let found: Int = try await connection.query("select 7")[0][0]
                #expect(found == 7)
            }
        }
        #expect(pool.statistics.losses == 0)
    }

    /// The lease ends while the connection makes sure that no signal is left.
    @Test(arguments: backends)
    func keepsTheConnectionOfATransactionThatWasCancelled(backend: Server.Backend) async throws {
        let bench = try Bench(backend: backend) { $0.maximum = 2 }
        defer { bench.stop() }
        try await bench.run { pool in
            for round in 0..<20 {
                let sleep = "select pg_sleep(60 + \(round)), '\(backend)'"
                let task = Task(executorPreference: bench.worker.taskExecutor) {
                    try await pool.withTransaction { connection in
                        _ = try await connection.query("select 1")
                        _ = try await connection.query(sleep)
                    }
                }
                let isAsleep = try await eventually {
                    let count: Int = try await pool.query(
                        "select count(*) from pg_stat_activity where state = 'active' and query = $1",
                        sleep)[0][0]
                    return count == 1
                }
                #expect(isAsleep)
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
            _ = try await pool.query("select 1")
        }
        #expect(bench.pool.statistics.losses == 0)
    }

    @Test func endsAQueryOverItsTime() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        let sleep = Statement("select pg_sleep($1)", .reads)
        try await bench.run { pool in
            do {
                _ = try await pool.query(sleep, 60.0, timeout: .milliseconds(50))
                Issue.record("It slept.")
            } catch let error as RequestError {
                #expect((error.cause as? PostgresError)?.kind == .timeout)
            }
            // It is cancelled, and the connection used again.
            _ = try await pool.query(sleep, 0.0)
        }
        #expect(bench.pool.statistics.losses == 0 && bench.pool.statistics.attempts == 1)
    }

    @Test func hasTheServerEndAStatementOverItsTime() async throws {
        let bench = try Bench { $0.statementTimeout = .milliseconds(50) }
        defer { bench.stop() }
        try await bench.run { pool in
            do {
                _ = try await pool.query("select pg_sleep(60)")
                Issue.record("It slept.")
            } catch let error as PostgresError {
                #expect(error.sqlState == "57014")
            }
        }
    }

    @Test func tellsWhoHoldsAConnection() async throws {
        let bench = try Bench {
            $0.maximum = 1
            $0.leaseWarning = .milliseconds(20)
        }
        defer { bench.stop() }
        try await bench.run { pool in
            let held = try await pool.acquire(file: "Shop.swift", line: 7)
            let isTold = try await eventually {
                bench.log.values.contains { $0.contains("Shop.swift:7 is held") }
            }
            #expect(isTold)
            pool.release(held)
            // Dropped without a release.
            _ = try await pool.acquire(file: "Shop.swift", line: 8)
            try await pool.withConnection { _ in }
            #expect(bench.log.values.contains { $0.contains("Shop.swift:8 was not released") })
        }
    }
}
