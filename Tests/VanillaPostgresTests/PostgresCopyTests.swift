// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

/// COPY between the server and a task.
@Suite(.serialized, .needsPostgres) struct PostgresCopyTests {
    /// Calls `body` with a lease on a database that has the table `copied (id int4, name text)`,
    /// and a neighbour's query on each side of it.
    private func withTable(
        _ name: String, _ backend: Server.Backend,
        _ body: @escaping @Sendable (PostgresPool) async throws -> Void
    ) async throws {
        let bench = try Bench(backend: backend) { $0.maximum = 3 }
        defer { bench.stop() }
        try await bench.run { pool in
            _ = try await pool.query("drop table if exists \(name)")
            _ = try await pool.query("create table \(name) (id int4 primary key, name text)")
            do {
                try await body(pool)
            } catch {
                Issue.record(error)
            }
            _ = try await pool.query("drop table \(name)")
        }
        #expect(bench.pool.statistics.losses == 0)
    }

    /// What never ends, in pieces of many rows and in long rows: a slow machine, on which a
    /// sanitizer looks at each row, still does something else.
    private static let endless = repeatElement(
        [UInt8](String(repeating: "1\tx\n", count: 16_000).utf8), count: .max)
    private static let endlessly =
        "copy (select repeat('x', 8000) from generate_series(1, 1000000000)) to stdout"

    private static func text(_ row: [UInt8]) -> String { String(decoding: row, as: UTF8.self) }

    /// Pieces from a task that yields between them.
    private struct Source: AsyncSequence {
        let pieces: [[UInt8]]
        var failure: (any Error)?

        struct AsyncIterator: AsyncIteratorProtocol {
            var source: Source
            var index = 0

            mutating func next() async throws -> [UInt8]? {
                await Task.yield()
                guard index < source.pieces.count else {
                    if let failure = source.failure { throw failure }
                    return nil
                }
                defer { index += 1 }
                return source.pieces[index]
            }
        }

        func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: self) }
    }

    private struct Broken: Error {}

    @Test(arguments: backends)
    func copiesRowsInAndOut(backend: Server.Backend) async throws {
        try await withTable("copied_\(backend)", backend) { pool in
            let table = "copied_\(backend)"
            let found = try await pool.withConnection { lease in
                // Rows that are split anywhere.
                let pieces = ["1\ton", "e\n2\t\\N\n3", "\tthree\n", ""].map { Array($0.utf8) }
                let count = try await lease.copyIn(
                    "copy \(table) from stdin", from: Source(pieces: pieces))
                #expect(count == 3)
                let more = try await lease.copyIn(
                    "COPY \(table) FROM STDIN (format csv)", from: [Array("4,four\n".utf8)])
                #expect(more == 1)
                #expect(try await lease.copyIn("copy \(table) from stdin", from: []) == 0)
                var rows: [String] = []
                try await lease.copyOut(
                    "copy (select * from \(table) order by id) to stdout (format csv)"
                ) { copied in
                    for try await row in copied { rows.append(Self.text(row)) }
                }
                // The lease goes on as before.
                let last: String = try await lease.query(
                    Statement("select name from \(table) where id = $1"), 4)[0][0]
                return rows + [last]
            }
            #expect(found == ["1,one\n", "2,\n", "3,three\n", "4,four\n", "four"])
            #expect(try await pool.query("select count(*) from \(table)")[0][0, as: Int.self] == 4)
        }
    }

    /// More than fits into any buffer on the way, both ways.
    @Test(arguments: backends)
    func copiesMuch(backend: Server.Backend) async throws {
        try await withTable("much_\(backend)", backend) { pool in
            let table = "much_\(backend)"
            let name = String(repeating: "x", count: 1000)
            try await pool.withTransaction { lease in
                let rows = (0..<20_000).lazy.map { Array("\($0)\t\(name)\n".utf8) }
                let count = try await lease.copyIn("copy \(table) from stdin", from: rows)
                #expect(count == 20_000)
                // One piece of many megabytes.
                let piece = (20_000..<25_000).map { "\($0)\t\(name)\n" }.joined()
                let more = try await lease.copyIn(
                    "copy \(table) from stdin", from: [Array(piece.utf8)])
                #expect(more == 5000)
            }
            try await pool.withConnection { lease in
                var (count, size) = (0, 0)
                try await lease.copyOut("copy \(table) to stdout") { rows in
                    for try await row in rows {
                        count += 1
                        size += row.count
                        // Others have their turns.
                        if count % 1000 == 0 { await Task.yield() }
                    }
                }
                #expect(count == 25_000 && size > 25_000_000)
            }
            #expect(
                try await pool.query("select count(*) from \(table)")[0][0, as: Int.self] == 25_000)
        }
    }

    /// Bytes are what the format says, and nothing reads them on the way.
    @Test(arguments: backends)
    func copiesInBinary(backend: Server.Backend) async throws {
        try await withTable("binary_\(backend)", backend) { pool in
            let table = "binary_\(backend)"
            try await pool.withConnection { lease in
                var copied: [[UInt8]] = []
                try await lease.copyOut(
                    "copy (select n::int4, chr(n) from generate_series(1, 2000) n) to stdout (format binary)"
                ) { rows in
                    #expect(rows.count == nil)
                    for try await row in rows { copied.append(row) }
                    #expect(rows.count == 2000)
                }
                #expect(copied.first?.starts(with: Array("PGCOPY\n".utf8) + [0xff]) == true)
                let count = try await lease.copyIn(
                    "copy \(table) from stdin (format binary)", from: copied)
                #expect(count == 2000)
                let same: Int = try await lease.query(
                    "select count(*) from \(table) where name = chr(id)")[0][0]
                #expect(same == 2000)
            }
        }
    }

    /// A source whose rows the server does not take is asked for no more of them.
    @Test(arguments: backends)
    func holdsTheSourceUp(backend: Server.Backend) async throws {
        try await withTable("source_\(backend)", backend) { pool in
            let table = "source_\(backend)"
            // The first row waits for a lock that a neighbour has.
            let lock = backend == .epoll ? 815 : 816
            _ = try await pool.query(
                "create or replace function wait_\(table)() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(\(lock)); return new; end $$"
            )
            _ = try await pool.query(
                "create trigger wait before insert on \(table) for each row execute function wait_\(table)()"
            )
            let (taken, begun) = (Recorder<Int>(), Recorder<Int32>())
            let name = String(repeating: "x", count: 1_000_000)
            let worker = try #require(Worker.current)
            try await pool.withConnection { holder in
                _ = try await holder.query("select pg_advisory_lock($1)", lock)
                let task = Task(executorPreference: worker.taskExecutor) {
                    try await pool.withConnection { lease in
                        begun.record(lease.process)
                        let rows = (0..<64).lazy.map { number in
                            taken.record(number)
                            return Array("\(number)\t\(name)\n".utf8)
                        }
                        return try await lease.copyIn("copy \(table) from stdin", from: rows)
                    }
                }
                let waits = try await eventually {
                    guard let process = begun.values.first else { return false }
                    return try await pool.query(
                        "select 1 from pg_stat_activity where pid = $1 and wait_event = 'advisory'",
                        process
                    ).count == 1
                }
                #expect(waits)
                // The system's buffers take some.
                #expect(taken.values.count < 32)
                _ = try await holder.query("select pg_advisory_unlock($1)", lock)
                #expect(try await task.value == 64)
            }
            _ = try await pool.query("drop function wait_\(table)() cascade")
        }
    }

    /// A task that takes no rows is sent none: they do not pile up here.
    @Test(arguments: backends)
    func holdsTheServerUp(backend: Server.Backend) async throws {
        try await withTable("held_\(backend)", backend) { pool in
            try await pool.withConnection { lease in
                let process = lease.process
                let sql = "copy (select repeat('x', 1000) from generate_series(1, 50000)) to stdout"
                try await lease.copyOut(sql) { rows in
                    var copied = rows.makeAsyncIterator()
                    _ = try await copied.next()
                    // The server waits for this client, and the socket's buffers are full.
                    let waits = try await eventually {
                        let state: String? = try await pool.query(
                            "select wait_event from pg_stat_activity where pid = $1", process)[0][0]
                        return state == "ClientWrite"
                    }
                    #expect(waits)
                    // The loop has many turns, and reads nothing.
                    for _ in 0..<200 { _ = try await pool.query("select 1") }
                    #expect(rows.exchange.size < CopyExchange.room + 2000)
                    var count = 1
                    while try await copied.next() != nil { count += 1 }
                    #expect(count == 50_000)
                }
            }
        }
    }

    @Test(arguments: backends)
    func tellsWhatTheServerRefuses(backend: Server.Backend) async throws {
        try await withTable("refused_\(backend)", backend) { pool in
            let table = "refused_\(backend)"
            try await pool.withConnection { lease in
                nonisolated(nonsending) func state(
                    _ body: nonisolated(nonsending) () async throws -> Void
                ) async -> String? {
                    do {
                        try await body()
                        return nil
                    } catch {
                        return (error as? PostgresError)?.sqlState ?? "\(error)"
                    }
                }
                let noTable = await state {
                    _ = try await lease.copyIn("copy nowhere from stdin", from: [])
                }
                #expect(noTable == "42P01")
                let noOut = await state {
                    try await lease.copyOut("copy nowhere to stdout") { _ in }
                }
                #expect(noOut == "42P01")
                let noNumber = await state {
                    _ = try await lease.copyIn(
                        "copy \(table) from stdin",
                        from: Array(repeating: Array("x\ty\n".utf8), count: 100_000))
                }
                #expect(noNumber == "22P02")
                let halfway = await state {
                    try await lease.copyOut(
                        "copy (select 1 / (500 - n) from generate_series(1, 1000) n) to stdout"
                    ) { rows in
                        for try await _ in rows {}
                    }
                }
                #expect(halfway == "22012")
                let count: Int = try await lease.query("select count(*) from \(table)")[0][0]
                #expect(count == 0)
            }
        }
    }

    /// The server fails once it has said that rows may come, and before it reads any: that is one
    /// answer nevertheless.
    @Test(arguments: backends)
    func staysInStep(backend: Server.Backend) async throws {
        try await withTable("step_\(backend)", backend) { pool in
            let table = "step_\(backend)"
            _ = try await pool.query(
                "create function fail_\(table)() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = 'P0815'; end $$"
            )
            _ = try await pool.query(
                "create trigger fail before insert on \(table) execute function fail_\(table)()")
            try await pool.withConnection { lease in
                for number in 1...20 {
                    let rows = Array(repeating: Array("1\tx\n".utf8), count: number % 3)
                    let error = await #expect(throws: PostgresError.self) {
                        try await lease.copyIn("copy \(table) from stdin", from: rows)
                    }
                    #expect(error?.sqlState == "P0815")
                    let echo = Statement("select $1::int8")
                    for sent in [number, -number] {
                        let found: Int = try await lease.query(echo, sent)[0][0]
                        #expect(found == sent)
                    }
                }
            }
            _ = try await pool.query("drop function fail_\(table)() cascade")
        }
    }

    /// What was sent by then is not kept.
    @Test(arguments: backends)
    func copiesNothingWhereTheSourceFails(backend: Server.Backend) async throws {
        try await withTable("broken_\(backend)", backend) { pool in
            let table = "broken_\(backend)"
            for size in [0, 3, 200_000] {
                try await pool.withConnection { lease in
                    let pieces = (0..<size).map { Array("\($0)\tx\n".utf8) }
                    await #expect(throws: Broken.self) {
                        try await lease.copyIn(
                            "copy \(table) from stdin",
                            from: Source(pieces: pieces, failure: Broken()))
                    }
                    let count: Int = try await lease.query("select count(*) from \(table)")[0][0]
                    #expect(count == 0)
                }
            }
            try await pool.withConnection { lease in
                await #expect(throws: Broken.self) {
                    try await lease.copyOut(
                        "copy (select generate_series(1, 1000000)) to stdout"
                    ) { rows in
                        for try await _ in rows { throw Broken() }
                    }
                }
                let seven: Int = try await lease.query("select 7")[0][0]
                #expect(seven == 7)
            }
        }
    }

    /// The server has more rows than anybody wants, and is told so.
    @Test(arguments: backends)
    func endsWhenItsRowsAreNotWanted(backend: Server.Backend) async throws {
        try await withTable("left_\(backend)", backend) { pool in
            let sql = "copy (select generate_series(1, 1000000000)) to stdout"
            for _ in 0..<3 {
                try await pool.withConnection { lease in
                    let first = try await lease.copyOut(sql) { rows in
                        for try await row in rows { return Self.text(row) }
                        return ""
                    }
                    #expect(first == "1\n")
                    #expect(try await lease.query("select 7")[0][0, as: Int.self] == 7)
                }
            }
        }
    }

    @Test(arguments: backends)
    func endsWhenItsTaskIsCancelled(backend: Server.Backend) async throws {
        try await withTable("cancelled_\(backend)", backend) { pool in
            let table = "cancelled_\(backend)"
            _ = try await pool.query("alter table \(table) drop constraint \(table)_pkey")
            for copiesIn in [false, true] {
                let begun = Recorder<Int32>()
                let worker = try #require(Worker.current)
                let task = Task(executorPreference: worker.taskExecutor) {
                    try await pool.withConnection { lease in
                        begun.record(lease.process)
                        if copiesIn {
                            _ = try await lease.copyIn(
                                "copy \(table) from stdin", from: Self.endless)
                        } else {
                            try await lease.copyOut(Self.endlessly) { rows in
                                for try await _ in rows {}
                            }
                        }
                    }
                }
                let isCopying = try await eventually {
                    guard let process = begun.values.first else { return false }
                    let query: String? = try await pool.query(
                        "select query from pg_stat_activity where pid = $1 and state = 'active'",
                        process
                    ).first?[0]
                    return query?.hasPrefix("copy") == true
                }
                #expect(isCopying)
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                let count: Int = try await pool.query("select count(*) from \(table)")[0][0]
                #expect(count == 0)
            }
        }
    }

    /// A source that ends because its task was cancelled has not ended.
    @Test(arguments: backends)
    func copiesNothingWhereCancellingEndsTheSource(backend: Server.Backend) async throws {
        try await withTable("ended_\(backend)", backend) { pool in
            let table = "ended_\(backend)"
            let worker = try #require(Worker.current)
            for _ in 0..<10 {
                let (stream, source) = AsyncStream.makeStream(of: [UInt8].self)
                source.yield(Array("1\tone\n".utf8))
                let begun = Recorder<Bool>()
                let task = Task(executorPreference: worker.taskExecutor) {
                    try await pool.withConnection { lease in
                        let rows = stream.map { row in
                            begun.record(true)
                            return row
                        }
                        return try await lease.copyIn("copy \(table) from stdin", from: rows)
                    }
                }
                #expect(try await eventually { !begun.values.isEmpty })
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
            let count: Int = try await pool.query("select count(*) from \(table)")[0][0]
            #expect(count == 0)
        }
    }

    /// Rows that were thrown away are not taken for the end.
    @Test func doesNotTakeHalfForAll() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { _ in
            let worker = try #require(Worker.current)
            let exchange = CopyExchange(.toClient, "copy t to stdout", on: worker)
            exchange.begun()
            for number in 1...3 as ClosedRange<UInt8> { exchange.give([number]) }
            #expect(try await exchange.nextRow() == [1])
            // Its task is cancelled, and the server had sent everything.
            exchange.abandon()
            exchange.end(.success(3))
            await #expect(throws: CancellationError.self) { try await exchange.nextRow() }
            #expect(!exchange.isReadToTheEnd)
        }
    }

    /// What the task of a lease has set stays its own business, and it can ask what undoes it.
    @Test func isNotCancelledWhereItsRowsAreNotWanted() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            let process = try await pool.withConnection { lease in
                _ = try await lease.query("set application_name = 'kept'")
                let sql = "copy (select generate_series(1, 1000000000)) to stdout"
                try await lease.copyOut(sql) { rows in
                    for try await _ in rows { break }
                }
                return lease.process
            }
            try await pool.withConnection { lease in
                #expect(lease.process == process)
                let name: String = try await lease.query("show application_name")[0][0]
                #expect(name == "kept")
            }
        }
    }

    /// A task that takes its rows too slowly has no more time than one whose query is slow.
    @Test(arguments: backends)
    func endsWhenItsTimeIsOver(backend: Server.Backend) async throws {
        try await withTable("late_\(backend)", backend) { pool in
            let table = "late_\(backend)"
            _ = try await pool.query("alter table \(table) drop constraint \(table)_pkey")
            try await pool.withConnection { lease in
                let error = await #expect(throws: RequestError.self) {
                    try await lease.copyOut(Self.endlessly, timeout: .milliseconds(50)) { rows in
                        for try await _ in rows {}
                    }
                }
                #expect(error?.status == .serviceUnavailable)
                await #expect(throws: RequestError.self) {
                    try await lease.copyIn(
                        "copy \(table) from stdin", from: Self.endless, timeout: .milliseconds(50))
                }
                let count: Int = try await lease.query("select count(*) from \(table)")[0][0]
                #expect(count == 0)
            }
        }
    }

    @Test(arguments: backends)
    func isInItsTransaction(backend: Server.Backend) async throws {
        try await withTable("within_\(backend)", backend) { pool in
            let table = "within_\(backend)"
            let row = [Array("1\tx\n".utf8)]
            await #expect(throws: Broken.self) {
                try await pool.withTransaction { lease in
                    try await lease.copyIn("copy \(table) from stdin", from: row)
                    let count: Int = try await lease.query("select count(*) from \(table)")[0][0]
                    #expect(count == 1)
                    throw Broken()
                }
            }
            #expect(try await pool.query("select count(*) from \(table)")[0][0, as: Int.self] == 0)
            // The first thing of a transaction, and the last.
            try await pool.withTransaction { lease in
                _ = try await lease.copyIn("copy \(table) from stdin", from: row)
            }
            #expect(try await pool.query("select count(*) from \(table)")[0][0, as: Int.self] == 1)
            // What a transaction has failed with fails its commit.
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withTransaction { lease in
                    _ = try? await lease.copyIn("copy \(table) from stdin", from: row)
                }
            }
            #expect(error?.sqlState == "25P02")
        }
    }

    @Test(arguments: backends)
    func isAloneOnItsLease(backend: Server.Backend) async throws {
        try await withTable("alone_\(backend)", backend) { pool in
            try await pool.withConnection { lease in
                let sql = "copy (select generate_series(1, 100000)) to stdout"
                try await lease.copyOut(sql) { rows in
                    let error = await #expect(throws: PostgresError.self) {
                        try await lease.query("select 1")
                    }
                    #expect(error?.kind == .misuse)
                    let again = await #expect(throws: PostgresError.self) {
                        try await lease.copyIn("copy alone from stdin", from: [])
                    }
                    #expect(again?.kind == .misuse)
                    var last = ""
                    for try await row in rows { last = Self.text(row) }
                    #expect(last == "100000\n")
                }
                // What is under way is waited for.
                let same = lease
                async let before: Int = try await same.query("select 8 from pg_sleep(0.01)")[0][0]
                await Task.yield()
                var count = 0
                try await lease.copyOut("copy (select generate_series(1, 3)) to stdout") { rows in
                    for try await _ in rows { count += 1 }
                }
                #expect(count == 3)
                #expect(try await before == 8)
            }
        }
    }

    /// Sent in a pipeline it would end the connection of everybody on it.
    @Test(arguments: [
        "copy copied from stdin", "COPY copied (id, name) FROM STDIN WITH (FORMAT csv)",
        "copy (select 1) to stdout", "/* a */ copy copied to stdout; ", "copy copied from stdout",
        "copy \"from\" to stdin", "copy (select ')') TO -- why\n STDOUT",
        "copy (select e'\\'(', $$($$, $a$ ( $b$ $a$) to stdout",
        "-- why\rcopy copied from stdin", "; /* a /* b */ */ CoPy copied from /**/ stdin",
        "copy (with some as (select 1) select * from some) to stdout (format csv)",
        "copy copied from stdin; select 1",
    ])
    func isRefusedAsAQuery(sql: String) async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            let sleep = Statement("select 7::int8 from pg_sleep(0.05)")
            async let neighbour: Int = try await pool.query(sleep)[0][0]
            for statement in [Statement(sql), Statement(sql, .reads)] {
                let error = await #expect(throws: PostgresError.self) {
                    try await pool.query(statement)
                }
                #expect(error?.kind == .misuse)
            }
            let error = await #expect(throws: PostgresError.self) { try await pool.query(sql) }
            #expect(error?.kind == .misuse)
            // Several at once are the server's to refuse, before it does any of them.
            let several = await #expect(throws: PostgresError.self) {
                try await pool.query("select 1; " + sql)
            }
            #expect(several?.sqlState == "42601")
            #expect(try await neighbour == 7)
            try await pool.withConnection { lease in
                let error = await #expect(throws: PostgresError.self) { try await lease.query(sql) }
                #expect(error?.kind == .misuse)
                let prepared = await #expect(throws: PostgresError.self) {
                    try await lease.query(Statement(sql))
                }
                #expect(prepared?.kind == .misuse)
            }
        }
        #expect(bench.pool.statistics.attempts == 1 && bench.pool.statistics.losses == 0)
    }

    @Test func tellsACopyFromAnyOtherStatement() {
        let others = [
            "select 'copy t from stdin'", "copy t to '/tmp/file'", "copy t from '/stdin'",
            "copy (select 1 from stdin) to program 'cat'", "copy stdin to '/tmp/file'", "",
            "copy", "copy t(stdin) from 'x' (format 'to stdout')", "copy t from 'to' 'stdout'",
            "copying t from stdin", "copy \"t from stdin", "copy $$ from stdin",
        ]
        for sql in others { #expect(CopyCommand(sql) == nil, "\(sql)") }
        let single = [
            "copy t from stdin", ";copy t from stdin; -- ;\n ;", "select ';', (';'), $$;$$ /*;*/",
        ]
        for sql in single {
            #expect(SQLText.isOneStatement(sql), "\(sql)")
        }
        for sql in ["copy t from stdin; select 1", "copy t from stdin;(select 1)", "a;/**/;'b'"] {
            #expect(!SQLText.isOneStatement(sql), "\(sql)")
        }
        #expect(CopyCommand("copy t from stdin") == .fromClient)
        #expect(CopyCommand("copy t to stdout") == .toClient)
    }

    @Test func refusesAnyOtherStatement() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            try await pool.withConnection { lease in
                let others = [
                    "select 1", "copy t to stdout", "copy t from '/x'", "\0",
                    "copy t from stdin; drop table t",
                ]
                for sql in others {
                    let error = await #expect(throws: PostgresError.self) {
                        try await lease.copyIn(sql, from: [])
                    }
                    #expect(error?.kind == .misuse)
                }
                let error = await #expect(throws: PostgresError.self) {
                    try await lease.copyOut("copy t from stdin") { _ in }
                }
                #expect(error?.kind == .misuse)
                let nul = await #expect(throws: PostgresError.self) {
                    try await lease.copyIn("copy t from stdin \0", from: [])
                }
                #expect(nul?.kind == .encoding)
            }
        }
    }

    /// The server ends in the middle of a COPY.
    @Test(arguments: backends)
    func tellsThatTheConnectionWasLost(backend: Server.Backend) async throws {
        let bench = try Bench(backend: backend)
        defer { bench.stop() }
        try await bench.run { pool in
            _ = try await pool.query("drop table if exists lost_\(backend)")
            _ = try await pool.query("create table lost_\(backend) (id int8)")
            for copiesIn in [false, true] {
                await #expect(throws: RequestError.self) {
                    try await pool.withConnection { lease in
                        func end() throws {
                            try ask(
                                "select pg_terminate_backend(\(lease.process))", of: database.get())
                        }
                        if copiesIn {
                            let rows = (0..<1_000_000).lazy.map { number in
                                if number == 500_000 { try? end() }
                                return Array("\(number)\n".utf8)
                            }
                            try await lease.copyIn("copy lost_\(backend) from stdin", from: rows)
                        } else {
                            let sql = "copy (select generate_series(1, 100000000)) to stdout"
                            try await lease.copyOut(sql) { rows in
                                var isFirst = true
                                for try await _ in rows {
                                    if isFirst { try end() }
                                    isFirst = false
                                }
                            }
                        }
                    }
                }
            }
            #expect(
                try await pool.query("select count(*) from lost_\(backend)")[0][0, as: Int.self]
                    == 0)
            _ = try await pool.query("drop table lost_\(backend)")
        }
    }
}
