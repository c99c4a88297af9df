// SPDX-License-Identifier: MIT

import PrivatePostgres
import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

/// What the server has at work for a pool, whatever becomes of those who asked.
@Suite(.needsPostgres) struct PostgresBoundTests {
    private static func active(_ name: String) throws -> Int {
        let count = """
            select count(*) from pg_stat_activity
            where application_name = '\(name)' and state = 'active'
                and query not like '%pg_settings%'
            """
        return try #require(Int(try ask(count, of: database.get())))
    }

    private static func connection(_ name: String) throws -> String {
        try database.get().connectionString + " application_name=\(name)"
    }

    /// Each is cancelled as soon as the one before it has ended.
    @Test(arguments: backends, [false, true])
    func manySlowQueriesWhoseClientsGo(backend: Server.Backend, reads: Bool) async throws {
        let name = "gone_\(backend)_\(reads)"
        let bench = try Bench(Self.connection(name), backend: backend) {
            $0.maximum = 2
            $0.cancelGrace = .seconds(2)
        }
        defer { bench.stop() }
        let sleep = Statement("select pg_sleep(60)", reads ? .reads : .writes)
        _ = try await bench.run { pool in try await pool.query("select 1") }
        var most = 0
        for _ in 0..<3 {
            let tasks = (0..<60).map { _ in
                Task(executorPreference: bench.worker.taskExecutor) { [pool = bench.pool] in
                    _ = try await pool.query(sleep)
                }
            }
            let isRunning = try await eventually { try Self.active(name) > 0 }
            #expect(isRunning)
            for task in tasks { task.cancel() }
            for task in tasks {
                await #expect(throws: CancellationError.self) { try await task.value }
            }
            let isOver = try await eventually(within: .seconds(30)) {
                let active = try Self.active(name)
                most = max(most, active)
                return active == 0 && bench.pool.statistics.idle == bench.pool.statistics.size
            }
            #expect(isOver)
        }
        #expect(most <= 2)
        let seen = bench.pool.statistics
        #expect(seen.losses == 0 && seen.attempts <= 2, "\(seen)")
    }

    /// One that does not heed a cancellation has its place until it has ended.
    @Test(arguments: backends, [false, true])
    func aQueryThatGoesOn(backend: Server.Backend, isLeased: Bool) async throws {
        let name = "stubborn_\(backend)_\(isLeased)"
        let postgres = try database.get()
        try ask(
            """
            create table \(name) (id int);
            create function \(name)() returns void language plpgsql as $$ begin
                loop
                    begin
                        loop
                            begin
                                perform pg_sleep(0.05);
                                if exists (select from \(name)) then return; end if;
                            exception when query_canceled then null;
                            end;
                        end loop;
                    exception when query_canceled then null;
                    end;
                end loop;
            end $$
            """, of: postgres)
        let bench = try Bench(Self.connection(name), backend: backend) {
            $0.maximum = 1
            // Long enough for the server to take the request, however busy the machine is.
            $0.cancelGrace = .seconds(2)
            $0.acquireTimeout = .seconds(60)
        }
        defer { bench.stop() }
        let stubborn = Task(executorPreference: bench.worker.taskExecutor) { [pool = bench.pool] in
            guard isLeased else {
                _ = try await pool.query("select \(name)()")
                return
            }
            try await pool.withConnection { connection in
                await #expect(throws: CancellationError.self) {
                    _ = try await connection.query("select \(name)()")
                }
                _ = try await connection.query("select 1")
            }
        }
        let isRunning = try await eventually { try Self.active(name) == 1 }
        #expect(isRunning)
        stubborn.cancel()
        await #expect(throws: (any Error).self) { try await stubborn.value }
        async let found: Int = try await bench.run { pool in
            try await pool.query("select 7::int8")[0][0]
        }
        let isSaid = try await eventually { bench.log.values.contains { $0.contains("goes on") } }
        #expect(isSaid)
        for _ in 0..<5 {
            let size = bench.pool.statistics.size
            let active = try Self.active(name)
            #expect(size == 1 && active == 1)
        }
        try ask("insert into \(name) values (1)", of: postgres)
        #expect(try await found == 7)
        #expect(bench.log.values.count { $0.contains("goes on") } == 1)
        #expect(bench.pool.statistics.losses == 0)
        try ask("drop function \(name); drop table \(name)", of: postgres)
    }

    /// The server would notice only when it has an answer to send.
    @Test(arguments: backends, [false, true])
    func whatRunsWhenTheConnectionEnds(backend: Server.Backend, isCut: Bool) async throws {
        let proxy = try Proxy(to: database.get(), onPort: true)
        defer { proxy.stop() }
        let name = "ended_\(backend)_\(isCut)"
        let bench = try Bench(
            proxy.connectionString + " application_name=\(name)", backend: backend
        ) { $0.maximum = 1 }
        let tasks = (0..<2).map { number in
            Task(executorPreference: bench.worker.taskExecutor) { [pool = bench.pool] in
                _ = try await pool.query("select pg_sleep(60), \(number)")
            }
        }
        let isRunning = try await eventually { try Self.active(name) > 0 }
        #expect(isRunning)
        isCut ? proxy.cut() : bench.stop()
        for task in tasks { await #expect(throws: (any Error).self) { try await task.value } }
        let isOver = try await eventually { try Self.active(name) == 0 }
        #expect(isOver)
        if isCut { bench.stop() }
    }
}
