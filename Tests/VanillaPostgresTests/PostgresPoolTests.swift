// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

/// Queries on shared connections: what they share, and what they do not.
@Suite(.needsPostgres) struct PostgresPoolTests {
    private static let echo = Statement("select $1::int8", .reads)

    /// What went wrong, as a handler sees it.
    private static func failure(
        _ body: nonisolated(nonsending) () async throws -> Void
    ) async -> (any Error)? {
        do {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: backends)
    func answersManyQueriesOfATurnInOneRoundTrip(backend: Server.Backend) async throws {
        let proxy = try Proxy(to: database.get())
        defer { proxy.stop() }
        let bench = try Bench(proxy.connectionString, backend: backend) { $0.maximum = 1 }
        defer { bench.stop() }
        // Connected and prepared.
        _ = try await bench.run { pool in try await pool.query(Self.echo, 0) }
        proxy.delay(0.2)
        proxy.reset()

        let sum = try await bench.run { pool in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...100 {
                    group.addTask { try await pool.query(Self.echo, number)[0][0] }
                }
                return try await group.reduce(0, +)
            }
        }
        #expect(sum == 5050)
        let seen = proxy.seen
        #expect(seen.turns == 1)
        #expect(seen.messages["B"] == 100 && seen.messages["E"] == 100)
        #expect(seen.messages["P"] == nil && seen.messages["S"] == 1)
        #expect(seen.connections == 0)
    }

    @Test func sendsWhatWritesWithASyncOfItsOwnInTheSameRoundTrip() async throws {
        let proxy = try Proxy(to: database.get())
        defer { proxy.stop() }
        let bench = try Bench(proxy.connectionString) { $0.maximum = 1 }
        defer { bench.stop() }
        let write = Statement("select $1::int8")
        _ = try await bench.run { pool in
            _ = try await pool.query(Self.echo, 0)
            return try await pool.query(write, 0)
        }
        proxy.delay(0.2)
        proxy.reset()
        let count = try await bench.run { pool in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...10 {
                    group.addTask { try await pool.query(Self.echo, number).count }
                    group.addTask { try await pool.query(write, number).count }
                }
                return try await group.reduce(0, +)
            }
        }
        #expect(count == 20)
        let seen = proxy.seen
        #expect(seen.turns == 1 && seen.messages["B"] == 20 && seen.messages["S"] == 11)
    }

    @Test func failsNobodyBecauseOfANeighbour() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        let divide = Statement("select 100 / $1::int8", .reads)
        let wrong = Statement("select this is no sql", .reads)
        let outcomes = try await bench.run { pool in
            _ = try await pool.query(divide, 1)
            return await withTaskGroup(of: (Int, Int?, String?).self) { group in
                for number in 0..<60 {
                    group.addTask {
                        do {
                            if number % 7 == 3 {
                                _ = try await pool.query(wrong)
                                return (number, nil, nil)
                            }
                            let divisor = number % 5 == 0 ? 0 : 1
                            let found: Int = try await pool.query(divide, divisor)[0][0]
                            return (number, found, nil)
                        } catch {
                            return (number, nil, (error as? PostgresError)?.sqlState ?? "\(error)")
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(outcomes.count == 60)
        for (number, found, state) in outcomes {
            if number % 7 == 3 {
                #expect(state == "42601")
            } else if number % 5 == 0 {
                #expect(state == "22012")
            } else {
                #expect(found == 100, "\(number): \(state ?? "")")
            }
        }
        #expect(bench.pool.statistics.losses == 0)
    }

    @Test func keepsWritesOfOthersWhenOneFails() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            _ = try await pool.query("create table once (id int primary key)")
            let insert = Statement("insert into once values ($1)")
            let failures = await withTaskGroup(of: String?.self) { group in
                for number in [1, 2, 2, 3, 3, 4] as [Int32] {
                    group.addTask {
                        let error = await Self.failure { _ = try await pool.query(insert, number) }
                        return (error as? PostgresError)?.sqlState
                    }
                }
                var states: [String] = []
                for await state in group { if let state { states.append(state) } }
                return states
            }
            #expect(failures == ["23505", "23505"])
            let count: Int = try await pool.query("select count(*) from once")[0][0]
            #expect(count == 4)
            _ = try await pool.query("drop table once")
        }
    }

    @Test func tellsOfWhatFailsAtTheCommit() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            _ = try await pool.query(
                "create table late (id int, constraint late_key unique (id) deferrable initially deferred)"
            )
            _ = try await pool.query("insert into late values (1)")
            let error = await Self.failure {
                _ = try await pool.query("insert into late values (1)")
            }
            let refused = try #require(error as? PostgresError)
            #expect(refused.sqlState == "23505" && refused.constraint == "late_key")
            #expect(refused.isUniqueViolation && !refused.isForeignKeyViolation)
            _ = try await pool.query("drop table late")
        }
    }

    @Test func tellsOfReferencesToNothing() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            _ = try await pool.query(
                "create table part (id int primary key, whole int references part)")
            let error = await Self.failure {
                _ = try await pool.query("insert into part values (1, 2)")
            }
            let refused = try #require(error as? PostgresError)
            #expect(refused.isForeignKeyViolation && !refused.isUniqueViolation)
            #expect(refused.constraint == "part_whole_fkey")
            _ = try await pool.query("drop table part")
        }
    }

    @Test func preparesAgainAfterDiscardAndSchemaChanges() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            _ = try await pool.query("create table shape as select 1 as a")
            let all = Statement("select * from shape", .reads)
            let insert = Statement("insert into shape (a) values ($1) returning *")
            let found1 = try await pool.query(all).columnCount
            #expect(found1 == 1)
            let found2 = try await pool.query(insert, 2).columnCount
            #expect(found2 == 1)
            _ = try await pool.query("discard all")
            let found3 = try await pool.query(all).count
            #expect(found3 == 2)
            let found4 = try await pool.query(insert, 3).count
            #expect(found4 == 1)
            _ = try await pool.query("alter table shape add column b text")
            let found5 = try await pool.query(all).columnCount
            #expect(found5 == 2)
            let found6 = try await pool.query(insert, 4).columnCount
            #expect(found6 == 2)
            let found7 = try await pool.query(all).count
            #expect(found7 == 4)
            _ = try await pool.query("drop table shape")
        }
        #expect(bench.pool.statistics.errors == 0 && bench.pool.statistics.losses == 0)
    }

    /// Outside of a transaction, and with the first query of one.
    @Test func preparesAgainOnALease() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            _ = try await pool.query("create table leased as select 1 as a")
            let all = Statement("select * from leased", .reads)
            let insert = Statement("insert into leased (a) values ($1) returning *")
            func columns() async throws -> [Int] {
                var found: [Int] = []
                try await pool.withConnection { connection in
                    found.append(try await connection.query(all).columnCount)
                    found.append(try await connection.query(insert, 2).columnCount)
                }
                for statement in [all, all] {
                    try await pool.withTransaction { connection in
                        found.append(try await connection.query(statement).columnCount)
                        found.append(try await connection.query(insert, 2).columnCount)
                    }
                }
                return found
            }
            let first = try await columns()
            #expect(first == Array(repeating: 1, count: 6))
            _ = try await pool.query("discard all")
            let second = try await columns()
            #expect(second == Array(repeating: 1, count: 6))
            _ = try await pool.query("alter table leased add column b text")
            // First in a transaction, whose other statement is prepared again, too.
            try await pool.withTransaction { connection in
                let found = try await connection.query(all).columnCount
                #expect(found == 2)
                let inserted = try await connection.query(insert, 3).columnCount
                #expect(inserted == 2)
            }
            _ = try await pool.query("alter table leased add column c text")
            let third = try await columns()
            #expect(third == Array(repeating: 3, count: 6))
            let count: Int = try await pool.query("select count(*) from leased")[0][0]
            #expect(count == 11)
            // In the midst of a transaction what was done is lost, so that it fails.
            let error = await Self.failure {
                try await pool.withTransaction { connection in
                    _ = try await connection.query("deallocate all")
                    _ = try await connection.query(all)
                }
            }
            #expect((error as? PostgresError)?.sqlState == "26000")
            let last = try await columns()
            #expect(last == Array(repeating: 3, count: 6))
            _ = try await pool.query("drop table leased")
        }
        #expect(bench.pool.statistics.losses == 0 && bench.pool.statistics.errors == 1)
    }

    /// The server found the types of texts when it prepared.
    @Test(arguments: [false, true])
    func preparesAgainWhenAColumnHasAnotherType(isLeased: Bool) async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            let find = Statement("select count(*) from typed where code = $1", .reads)
            let insert = Statement("insert into typed values ($1)")
            func use(_ code: String) async throws {
                if isLeased {
                    try await pool.withConnection { connection in
                        _ = try await connection.query(insert, code)
                        let found: Int = try await connection.query(find, code)[0][0]
                        #expect(found == 1)
                    }
                } else {
                    _ = try await pool.query(insert, code)
                    let found: Int = try await pool.query(find, code)[0][0]
                    #expect(found == 1)
                }
            }
            _ = try await pool.query("create table typed (code int)")
            try await use("1")
            _ = try await pool.query("alter table typed alter column code type text")
            try await use("abc")
            try await use("def")
            _ = try await pool.query("drop table typed")
            _ = try await pool.query("create table typed (code int8)")
            try await use("70000000000")
            _ = try await pool.query("drop table typed")
            _ = try await pool.query("create table typed (code uuid)")
            try await use("00000000-0000-0000-0000-000000000001")
            #expect(pool.statistics.errors == 0)

            // A text that does not fit stays an error, and leaves no names behind.
            for _ in 0..<20 {
                let error = await Self.failure { _ = try await pool.query(insert, "none") }
                #expect((error as? PostgresError)?.sqlState == "22P02")
            }
            let prepared: Int = try await pool.query("select count(*) from pg_prepared_statements")[
                0][0]
            #expect(prepared <= 3)
            _ = try await pool.query("drop table typed")
        }
        #expect(bench.pool.statistics.losses == 0)
    }

    @Test func tellsOfAWrongNumberOfParametersAndKeepsTheConnection() async throws {
        let bench = try Bench { $0.statementTimeout = .seconds(86400 * 365) }
        defer { bench.stop() }
        try await bench.run { pool in
            let two = Statement("select $1::int8 + $2::int8", .reads)
            for _ in 0..<3 {
                let error = await Self.failure { _ = try await pool.query(two, 1) }
                #expect((error as? PostgresError)?.sqlState == "08P01")
            }
            let sum: Int = try await pool.query(two, 1, 2)[0][0]
            #expect(sum == 3)
        }
        #expect(bench.pool.statistics.attempts == 1)
    }

    /// What others ask would be in it, and lost with it.
    @Test(arguments: ["begin", "START TRANSACTION READ ONLY"])
    func beginsNoTransactionForOthers(sql: String) async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            let error = await Self.failure { _ = try await pool.query(sql) }
            #expect((error as? PostgresError)?.kind == .misuse)
            let read = await Self.failure { _ = try await pool.query(Statement(sql, .reads)) }
            #expect((read as? PostgresError)?.kind == .misuse)
            _ = try await pool.query("create table begun (id int)")
            _ = try? await pool.query("select 1 / 0")
            let found: Int = try await pool.query("select count(*) from begun")[0][0]
            #expect(found == 0)
            _ = try await pool.query("drop table begun")
        }
        #expect(bench.pool.statistics.losses == 0)
    }

    /// Nobody can hear them here.
    @Test func keepsNoNotifications() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            try await pool.withConnection { connection in
                _ = try await connection.query("listen everything")
            }
            _ = try await pool.query("select pg_notify('everything', 'once')")
            let found: Int = try await pool.query("select 1::int8")[0][0]
            #expect(found == 1)
        }
        #expect(bench.pool.statistics.losses == 0)
    }

    @Test func preparesForOtherTypesAndOtherStatements() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            let kind = Statement("select pg_typeof($1)::text", .reads)
            for _ in 0..<2 {
                let names: [String] = [
                    try await pool.query(kind, 1)[0][0], try await pool.query(kind, true)[0][0],
                    try await pool.query(kind, [1.5])[0][0],
                ]
                #expect(names == ["bigint", "boolean", "double precision[]"])
            }
            // Numbers of statements are used again, what they stand for is not.
            for number in 0..<50 {
                let found: Int = try await pool.query(Statement("select \(number)::int4", .reads))[
                    0][0]
                #expect(found == number)
            }
            let prepared: Int = try await pool.query("select count(*) from pg_prepared_statements")[
                0][0]
            #expect(prepared <= 4)
        }
    }

    @Test func preparesNothingForPgBouncer() async throws {
        let bench = try Bench {
            $0.maximum = 1
            $0.preparesStatements = false
        }
        defer { bench.stop() }
        try await bench.run { pool in
            for number in 0..<3 {
                let found: Int = try await pool.query(Self.echo, number)[0][0]
                #expect(found == number)
            }
            let prepared: Int = try await pool.query("select count(*) from pg_prepared_statements")[
                0][0]
            #expect(prepared == 0)
        }
    }

    private static let nonsense: [@Sendable (inout PostgresPool.Configuration) -> Void] = [
        { $0.connection = "no connection string" }, { $0.maximum = 0 }, { $0.minimum = 5 },
        { $0.minimum = -1 }, { $0.depth = 0 }, { $0.maximumWaiting = 0 },
        { $0.maximumInProcess = 0 }, { $0.acquireTimeout = .zero },
        { $0.maximumPause = .seconds(-1) },
    ]

    @Test(arguments: nonsense)
    func refusesWhatMakesNoSense(change: @Sendable (inout PostgresPool.Configuration) -> Void) {
        var configuration = PostgresPool.Configuration()
        change(&configuration)
        do throws(PostgresError) {
            _ = try PostgresPool(configuration)
            Issue.record("It was taken.")
        } catch {
            #expect(error.kind == .misuse)
        }
    }

    @Test(arguments: backends)
    func answersRequests(backend: Server.Backend) async throws {
        let greet = Statement("select 'hello ' || $1::text", .reads)
        let bench = try Bench(
            backend: backend,
            handler: { pool in
                { request, response in
                    let name: String = try await pool.query(greet, String(request.path))[0][0]
                    response.send(name)
                }
            })
        defer { bench.stop() }
        let answer = try await bench.get("/there")
        #expect(answer.status == 200 && answer.text == "hello /there")
    }

    @Test(arguments: backends)
    func cancelsWhatNoRequestWaitsFor(backend: Server.Backend) async throws {
        let mark = "pg_sleep(60.\(backend == .epoll ? 1 : 2))"
        let bench = try Bench(
            backend: backend, handlerDeadline: .milliseconds(200), { $0.maximum = 1 },
            handler: { pool in
                { request, response in
                    let sql = request.path == "/slow" ? "select \(mark)" : "select 1"
                    response.send("\(try await pool.query(sql).count)")
                }
            })
        defer { bench.stop() }
        #expect(try await bench.get("/slow").status == 503)
        let sql = """
            select count(*) from pg_stat_activity
            where query like '%\(mark)%' and state = 'active' and pid <> pg_backend_pid()
            """
        let isOver = try await eventually { try ask(sql, of: database.get()) == "0" }
        #expect(isOver)
        // The same connection goes on.
        let isBack = try await eventually { try await bench.get("/").status == 200 }
        #expect(isBack)
        #expect(bench.pool.statistics.losses == 0 && bench.pool.statistics.attempts == 1)
    }

    @Test func answersThatThereIsNoConnection() async throws {
        let bench = try Bench(
            nil,
            {
                $0.maximum = 1
                $0.acquireTimeout = .milliseconds(500)
            },
            handler: { pool in
                { _, response in response.send("\(try await pool.query("select 1").count)") }
            })
        defer { bench.stop() }
        let held = try await bench.run { pool in try await pool.acquire() }
        let answer = try await bench.get("/")
        #expect(answer.status == 503 && answer.retryAfter == "1")
        #expect(answer.text == "The database is not available now.")
        // Given back from another thread.
        held.release()
        let isBack = try await eventually { try await bench.get("/").status == 200 }
        #expect(isBack)
    }

    @Test func replacesAConnectionThatOnlyReads() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            try await pool.withConnection { connection in
                _ = try await connection.query("set default_transaction_read_only = on")
            }
            let error = await Self.failure {
                _ = try await pool.query("create table nowhere (id int)")
            }
            let refused = try #require(error as? RequestError)
            #expect(refused.status == .serviceUnavailable)
            #expect((refused.cause as? PostgresError)?.sqlState == "25006")
            _ = try await pool.query("create table nowhere (id int)")
            _ = try await pool.query("drop table nowhere")
        }
        #expect(bench.pool.statistics.attempts == 2)
    }

    @Test(arguments: [
        ["begin", "set transaction read only"], ["begin read only"],
        ["begin", "select set_config('transaction_read_only', 'on', true)"],
    ])
    func keepsAConnectionWhoseTransactionOnlyReads(statements: [String]) async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            let create = Statement("create table nowhere (id int)")
            for isPrepared in [false, true] {
                try await pool.withConnection { lease in
                    for statement in statements { _ = try await lease.query(statement) }
                    do {
                        _ = try await isPrepared ? lease.query(create) : lease.query(create.sql)
                        Issue.record("It was written.")
                    } catch {
                        #expect((error as? PostgresError)?.sqlState == "25006")
                    }
                    _ = try await lease.query("rollback")
                    _ = try await lease.query("create temporary table nowhere (id int)")
                    _ = try await lease.query("drop table nowhere")
                }
            }
            let error = await Self.failure {
                try await pool.withTransaction { lease in
                    _ = try await lease.query("set transaction read only")
                    _ = try await lease.query("create table nowhere (id int)")
                }
            }
            #expect((error as? PostgresError)?.sqlState == "25006")
        }
        #expect(bench.pool.statistics.attempts == 1)
    }

    @Test func servesSeveralServers() async throws {
        let first = try Bench()
        defer { first.stop() }
        let second = try Bench()
        defer { second.stop() }
        let pool = first.pool
        for _ in 0..<3 {
            for bench in [first, second] {
                let found = try await bench.run { _ in
                    try await pool.query(Self.echo, 7)[0][0] as Int
                }
                #expect(found == 7)
            }
        }
        #expect(pool.statistics.attempts == 2)
    }

    /// One has all connections of the process, idle, busy or leased; the other asks.
    @Test func givesUpAConnectionForAWorkerThatHasNone() async throws {
        let first = try Bench {
            $0.minimum = 3
            $0.maximum = 3
            $0.maximumInProcess = 3
        }
        defer { first.stop() }
        let second = try Bench()
        defer { second.stop() }
        let pool = first.pool
        @Sendable func ask() async throws {
            let found = try await second.run { _ in
                try await pool.query(Self.echo, 7)[0][0] as Int
            }
            #expect(found == 7)
        }
        try await first.run { _ in
            try pool.open()
            let isOpen = try await eventually {
                _ = try await pool.query(Self.echo, 1)
                return pool.statistics.connected == 3
            }
            #expect(isOpen)
        }
        try await ask()
        #expect(pool.statistics.size == 3 && pool.statistics.losses == 0)
        try await first.run { _ in
            // Leases go on, and those that share one do.
            try await pool.withConnection { connection in
                _ = try await connection.query("select 1")
                try await ask()
                _ = try await pool.query(Self.echo, 1)
            }
        }
        #expect(pool.statistics.refusals == 0)
    }

    @Test func closesItsConnectionsWhenItIsReleased() async throws {
        let text = try database.get().connectionString + " application_name=released"
        let bench = try Bench()
        defer { bench.stop() }
        let count = "select count(*) from pg_stat_activity where application_name = 'released'"
        try await bench.run { _ in
            var configuration = PostgresPool.Configuration(text)
            configuration.log = { _, _ in }
            let pool = try PostgresPool(configuration)
            _ = try await pool.query(Self.echo, 1)
            #expect(try ask(count, of: database.get()) == "1")
        }
        let isGone = try await eventually { try ask(count, of: database.get()) == "0" }
        #expect(isGone)
    }

    @Test func boundsParameters() throws {
        let parameters = PostgresParameters()
        for _ in 0..<PostgresParameters.limit { try parameters.append(1, type: .int8) }
        #expect(throws: PostgresError.self) { try parameters.append(1, type: .int8) }
        #expect(parameters.count == PostgresParameters.limit)
    }

    @Test func boundsWhatALeaseHasUnderWay() async throws {
        let bench = try Bench { $0.depth = 2 }
        defer { bench.stop() }
        let kinds = try await bench.run { pool in
            try await pool.withConnection { connection in
                await withTaskGroup(of: PostgresError.Kind?.self) { group in
                    for _ in 0..<3 {
                        group.addTask {
                            let error = await Self.failure {
                                _ = try await connection.query("select 1")
                            }
                            return (error as? PostgresError)?.kind
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
            }
        }
        #expect(kinds.count { $0 == nil } == 2 && kinds.contains(.exhausted))
    }
}
