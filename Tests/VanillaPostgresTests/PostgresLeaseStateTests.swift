// SPDX-License-Identifier: MIT

import PrivatePostgres
import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

/// What a lease has set in its session, and who meets it.
@Suite(.needsPostgres) struct PostgresLeaseStateTests {
    private struct Planned: Error {}

    /// What is set below, as the next one on the connection sees it.
    private static let state = """
        select concat_ws(',', current_setting('search_path'), current_user,
            coalesce(current_setting('app.tenant', true), ''), current_setting('TimeZone'),
            (select count(*) from pg_locks where locktype = 'advisory'
                and pid = pg_backend_pid()),
            (select count(*) from pg_class where relname = 'of_session'),
            (select count(*) from pg_listening_channels()),
            (select count(*) from pg_prepared_statements where name = 'of_session'))
        """

    private nonisolated(nonsending) static func set(
        _ connection: PostgresConnection, key: Int
    ) async throws {
        for sql in [
            "create temporary table of_session (id int)", "listen of_session",
            "prepare of_session as select 1", "set search_path = pg_catalog",
            "set app.tenant = 'someone'", "set TimeZone = 'Asia/Tokyo'",
            "select pg_advisory_lock(\(key))", "set role pg_monitor",
        ] {
            _ = try await connection.query(sql)
        }
    }

    private static func state(_ pool: PostgresPool) async throws -> (String, Int) {
        let rows = try await pool.query("select (\(state)), pg_backend_pid()::int8")
        return try (rows[0][0], rows[0][1])
    }

    private enum End: CaseIterable {
        case throwing
        case cancelled
        case cancelledAndCaught
        case cancelledInAChild
        case dropped
        case discarded
    }

    @Test(arguments: backends, End.allCases)
    private func isUndoneBeforeOthersMeetIt(backend: Server.Backend, end: End) async throws {
        let bench = try Bench(backend: backend) {
            $0.maximum = 1
            $0.cancelGrace = .seconds(20)
            $0.acquireTimeout = .seconds(20)
        }
        defer { bench.stop() }
        let (before, process) = try await bench.run { try await Self.state($0) }
        let key = End.allCases.firstIndex(of: end)! + (backend == .epoll ? 100 : 200)
        let asleep = "select pg_sleep(60), \(key)"
        let task = Task(executorPreference: bench.worker.taskExecutor) { [pool = bench.pool] in
            if end == .dropped || end == .discarded {
                let connection = try await pool.acquire()
                try await Self.set(connection, key: key)
                if end == .discarded { pool.release(connection, discarding: true) }
                return
            }
            try await pool.withConnection { connection in
                try await Self.set(connection, key: key)
                switch end {
                case .throwing: throw Planned()
                case .cancelled: _ = try await connection.query(asleep)
                case .cancelledInAChild:
                    let child = Task(executorPreference: bench.worker.taskExecutor) {
                        _ = try? await connection.query(asleep)
                        _ = try? await connection.query("reset role")
                    }
                    let isAsleep = try await eventually { try Self.isRunning(asleep) }
                    #expect(isAsleep)
                    child.cancel()
                    await child.value
                default:
                    _ = try? await connection.query(asleep)
                    _ = try? await connection.query("reset role")
                }
            }
        }
        if end == .cancelled || end == .cancelledAndCaught {
            let isAsleep = try await eventually { try Self.isRunning(asleep) }
            #expect(isAsleep)
            task.cancel()
        }
        switch end {
        case .throwing: await #expect(throws: Planned.self) { try await task.value }
        case .cancelled: await #expect(throws: CancellationError.self) { try await task.value }
        default: try await task.value
        }
        let (after, sameProcess) = try await bench.run { try await Self.state($0) }
        #expect(after == before)
        #expect(sameProcess == process)
        #expect(bench.pool.statistics.attempts == 1 && bench.pool.statistics.losses == 0)
    }

    private static func isRunning(_ sql: String) throws -> Bool {
        let count =
            "select count(*) from pg_stat_activity where state = 'active' and query = '\(sql)'"
        return try ask(count, of: database.get()) == "1"
    }

    /// A rollback undoes all but the locks; the prepared statements stay.
    @Test(arguments: backends, [true, false])
    func aTransactionThatFailsLeavesNoLock(backend: Server.Backend, prepares: Bool) async throws {
        let bench = try Bench(backend: backend) {
            $0.maximum = 1
            $0.preparesStatements = prepares
        }
        defer { bench.stop() }
        let one = Statement("select 1::int8")
        let names = "select string_agg(name, ',') from pg_prepared_statements"
        let state = "select \(Self.state.dropFirst(7)), pg_backend_pid()::text"
        try await bench.run { pool in
            _ = try await pool.query(one)
            let before: [String] = try await Self.texts(pool, state)
            let prepared: [String?] = try [await pool.query(names)[0][0]]
            await #expect(throws: Planned.self) {
                try await pool.withTransaction { connection in
                    try await Self.set(connection, key: prepares ? 300 : 301)
                    _ = try await connection.query(one)
                    throw Planned()
                }
            }
            // The server rolls back at the commit.
            await #expect(throws: PostgresError.self) {
                try await pool.withTransaction { connection in
                    _ = try await connection.query("select pg_advisory_lock(302)")
                    _ = try? await connection.query("select 1 / 0")
                }
            }
            // Neither began.
            await #expect(throws: Planned.self) {
                try await pool.withTransaction { _ in throw Planned() }
            }
            await #expect(throws: Planned.self) {
                try await pool.withConnection { _ in throw Planned() }
            }
            // PREPARE is not undone with a transaction.
            _ = try await pool.query("deallocate of_session")
            let after = try await Self.texts(pool, state)
            #expect(after == before)
            let preparedAfter: [String?] = try [await pool.query(names)[0][0]]
            #expect(preparedAfter == prepared)
        }
        #expect(bench.pool.statistics.attempts == 1 && bench.pool.statistics.losses == 0)
    }

    private static func texts(_ pool: PostgresPool, _ sql: String) async throws -> [String] {
        let rows = try await pool.query(sql)
        return try (0..<rows.columnCount).map { try rows[0][$0] }
    }

    /// Where statements are not prepared, another server of a pooler may have the session.
    @Test func closesTheConnectionWhereTheSessionMayBeAnothers() async throws {
        let bench = try Bench {
            $0.maximum = 1
            $0.preparesStatements = false
        }
        defer { bench.stop() }
        try await bench.run { pool in
            let before = try await Self.state(pool)
            await #expect(throws: Planned.self) {
                try await pool.withConnection { connection in
                    try await Self.set(connection, key: 400)
                    throw Planned()
                }
            }
            let after = try await Self.state(pool)
            #expect(after.0 == before.0 && after.1 != before.1)
        }
        #expect(bench.pool.statistics.attempts == 2 && bench.pool.statistics.losses == 0)
    }

    /// Given back as its caller wanted, it stays as it was set.
    @Test func keepsWhatWasSetOnPurpose() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            try await pool.withConnection { connection in
                _ = try await connection.query("set app.tenant = 'all'")
            }
            let found: String = try await pool.query("select current_setting('app.tenant')")[0][0]
            #expect(found == "all")
        }
    }

    /// The request is over, and what it has to do yet is done.
    @Test(arguments: backends)
    func cleansUpInAShield(backend: Server.Backend) async throws {
        let bench = try Bench(backend: backend) {
            $0.maximum = 1
            $0.cancelGrace = .seconds(20)
        }
        defer { bench.stop() }
        let table = "cleaned_up_\(backend)"
        try await bench.run { pool in
            _ = try await pool.query("drop table if exists \(table)")
            _ = try await pool.query("create table \(table) (id int8)")
        }
        for round in 0..<20 {
            // Found by its text.
            let asleep = "select pg_sleep(60), \(round + (backend == .epoll ? 1000 : 2000))"
            let task = Task(executorPreference: bench.worker.taskExecutor) { [pool = bench.pool] in
                try await pool.withConnection { connection in
                    do {
                        _ = try await connection.query(asleep)
                    } catch {
                        // Without it nothing is asked any more.
                        let rows = try? await connection.query("select 1")
                        #expect(rows?.count == nil)
                        try await connection.withCancellationShield { connection in
                            // Long enough for a signal that comes late.
                            _ = try await connection.query("select pg_sleep(0.01)")
                            _ = try await connection.query(
                                "insert into \(table) values ($1)", round)
                        }
                        throw error
                    }
                }
            }
            let isAsleep = try await eventually { try Self.isRunning(asleep) }
            #expect(isAsleep)
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        let count = try ask("select count(*) from \(table)", of: database.get())
        #expect(count == "20")
        try ask("drop table \(table)", of: database.get())
        #expect(bench.pool.statistics.losses == 0)
    }

    /// What would be set for others is not sent, and they go on.
    @Test(arguments: [
        "set app.tenant = 'x'", "  SET role pg_monitor", "-- why\nset x.y = 1", "listen everything",
        "/* a /* nested */ one */ Listen everything", ";set x.y = 1", "begin", "START transaction",
        "prepare x as select 1", "declare c cursor with hold for select 1",
        "select pg_advisory_lock(1)", "select PG_TRY_Advisory_Lock_shared(1)",
    ])
    func isRefusedWhereOthersWouldMeetIt(sql: String) async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            _ = try await pool.query("select 1")
            async let neighbour: Int = try await pool.query(Statement("select 7::int8"))[0][0]
            for isPrepared in [false, true] {
                let error = await #expect(throws: PostgresError.self) {
                    _ =
                        isPrepared
                        ? try await pool.query(Statement(sql, .reads)) : try await pool.query(sql)
                }
                #expect(error?.kind == .misuse)
            }
            let found = try await neighbour
            #expect(found == 7)
            try await pool.withTransaction { connection in
                _ = try await connection.query("select pg_advisory_xact_lock(1)")
            }
        }
        #expect(bench.pool.statistics.attempts == 1 && bench.pool.statistics.losses == 0)
    }

    @Test func knowsTheCommandOfAStatement() {
        for (sql, command) in [
            ("select 1", "select"), (" \n\tWith a as", "with"), ("--\n--x\nUPDATE t", "update"),
            ("--", ""), ("", ""), ("/*", ""), ("/* /* */", ""), ("/**/-1", ""), ("(select 1)", ""),
            ("- 1", ""), ("/ 1", ""), ("sel\u{e9}ct", "sel"), ("begin;", "begin"),
        ] {
            #expect(SQLText.command(of: sql) == command, "\(sql)")
        }
    }
}
