// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

/// What a slow query means for those that share its connection.
@Suite(.needsPostgres) struct PostgresNeighbourTests {
    private static let echo = Statement("select $1::int8", .reads)
    private static let sleep = Statement("select pg_sleep($1)", .reads)

    /// A pool with its connections open, and a table of its own to write to.
    private static func makeBench(
        _ table: String, _ backend: Server.Backend,
        _ change: (inout PostgresPool.Configuration) -> Void = { _ in }
    ) async throws -> Bench {
        let bench = try Bench(backend: backend, change)
        try await bench.run { pool in
            try pool.open()
            _ = try await pool.query("drop table if exists \(table)")
            _ = try await pool.query("create table \(table) (id int8)")
            let minimum = pool.table.shared.configuration.minimum
            let isOpen = try await eventually {
                _ = try await pool.query(Self.echo, 1)
                return pool.statistics.connected >= minimum
            }
            #expect(isOpen)
        }
        return bench
    }

    /// Asked in one turn with something slow, they are sent elsewhere.
    @Test(arguments: backends)
    func readsDoNotWaitForASlowOneOfTheirTurn(backend: Server.Backend) async throws {
        let bench = try await Self.makeBench("turn_\(backend)", backend) { $0.minimum = 2 }
        defer { bench.stop() }
        try await bench.run { pool in
            for isPrepared in [false, true] {
                // The first in the line, and those after it.
                let slow = Task(executorPreference: bench.worker.taskExecutor) {
                    _ =
                        isPrepared
                        ? try await pool.query(Self.sleep, 60.0)
                        : try await pool.query("select pg_sleep(60)")
                }
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<50 {
                        group.addTask { try await pool.query(Self.echo, number)[0][0] }
                    }
                    let sum = try await group.reduce(0, +)
                    #expect(sum == 50 * 49 / 2)
                }
                slow.cancel()
                await #expect(throws: CancellationError.self) { try await slow.value }
            }
            // What was left over is gone as well.
            let isIdle = try await eventually { pool.statistics.idle == pool.statistics.size }
            #expect(isIdle)
        }
        let seen = bench.pool.statistics
        #expect(seen.errors == 0 && seen.refusals == 0 && seen.losses == 0)
    }

    /// Its client went away, or its time is over: it is cancelled, and what waits after it on the
    /// one connection is done, once.
    @Test(arguments: backends, [false, true])
    func nobodyFailsWithASlowOne(backend: Server.Backend, isGivenUp: Bool) async throws {
        let table = "behind_\(backend)_\(isGivenUp)"
        let bench = try await Self.makeBench(table, backend) { $0.maximum = 1 }
        defer { bench.stop() }
        let insert = Statement("insert into \(table) values ($1)")
        try await bench.run { pool in
            for round in 0..<5 {
                let time = Duration.milliseconds(200)
                let slow = Task(executorPreference: bench.worker.taskExecutor) {
                    _ = try await pool.query(Self.sleep, 60.0, timeout: isGivenUp ? nil : time)
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<10 {
                        group.addTask {
                            let found: Int = try await pool.query(
                                Self.echo, number, timeout: time)[0][0]
                            #expect(found == number)
                            _ = try await pool.query(insert, round)
                        }
                        group.addTask { _ = try await pool.query(insert, round, timeout: time) }
                        group.addTask {
                            _ = try await pool.query(
                                "insert into \(table) values ($1)", round, timeout: time)
                        }
                    }
                    if isGivenUp {
                        try await Task.sleep(for: .milliseconds(5))
                        slow.cancel()
                    }
                    try await group.waitForAll()
                }
                await #expect(throws: (any Error).self) { try await slow.value }
                let count: Int = try await pool.query("select count(*) from \(table)")[0][0]
                #expect(count == 30 * (round + 1))
            }
        }
        #expect(bench.pool.statistics.losses == 0)
    }

    /// One that waits for a lock does not have others wait, where there are more connections.
    @Test(arguments: backends)
    func nothingIsSentBehindASlowOne(backend: Server.Backend) async throws {
        let table = "locked_\(backend)"
        let bench = try await Self.makeBench(table, backend) { $0.minimum = 4 }
        defer { bench.stop() }
        let insert = Statement("insert into \(table) values ($1)")
        let update = "update \(table) set id = id + 1 where id = 1"
        try await bench.run { pool in
            _ = try await pool.query(insert, 1)
            try await pool.withTransaction { connection in
                _ = try await connection.query(update)
                let blocked = Task(executorPreference: bench.worker.taskExecutor) {
                    _ = try await pool.query(update)
                }
                // Long enough to be told from others: a connection that has answered nothing yet is
                // taken to be as slow as its opening was, which is a second on a busy machine.
                let isBlocked = try await eventually {
                    let count: Int = try await pool.query(
                        """
                        select count(*) from pg_stat_activity where query = $1
                        and wait_event_type = 'Lock' and clock_timestamp() - query_start > '3 s'
                        """, update)[0][0]
                    return count > 0
                }
                #expect(isBlocked)
                for _ in 0..<50 {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for number in 10..<16 {
                            group.addTask { _ = try await pool.query(insert, number) }
                            group.addTask { _ = try await pool.query(Self.echo, number) }
                        }
                        try await group.waitForAll()
                    }
                }
                blocked.cancel()
                await #expect(throws: CancellationError.self) { try await blocked.value }
            }
            let count: Int = try await pool.query("select count(*) from \(table)")[0][0]
            #expect(count == 301)
        }
        let seen = bench.pool.statistics
        #expect(seen.errors == 0 && seen.refusals == 0 && seen.losses == 0)
    }

    /// What may be undone halfway is told from what may not.
    @Test func repeatsOnlyWhatACancellationUndoes() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            for (sql, isUndone) in [
                ("insert into a values (1)", true), ("\n  WITH x as (select 1) select 2", true),
                ("Update a set b = 1", true), ("call p()", false), ("do $$ begin end $$", false),
                ("vacuum", false), ("/* insert */ call p()", false), ("", false),
            ] {
                let operation = try #require(try pool.begin(sql, nil, in: nil)).operation
                #expect(operation.isUndoneByCancelling == isUndone, "\(sql)")
                operation.giveBack()
            }
        }
    }
}
