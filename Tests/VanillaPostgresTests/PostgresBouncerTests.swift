// SPDX-License-Identifier: MIT

import Foundation
import PrivatePostgres
import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

/// The pool behind PgBouncer in transaction mode, where two transactions of one connection may meet
/// two servers.
@Suite(.needsPostgres, .enabled(if: Bouncer.isInstalled, "PgBouncer is not installed"))
struct PostgresBouncerTests {
    private static let echo = Statement("select $1::int8", .reads)
    private static let quotient = Statement("select 1 / $1::int8", .reads)

    private static func makeBench(
        _ bouncer: Bouncer, backend: Server.Backend? = nil, name: String = "bounced"
    ) throws -> Bench {
        try Bench(bouncer.connectionString + " application_name=\(name)", backend: backend) {
            $0.maximum = 8
            $0.preparesStatements = false
        }
    }

    @Test(arguments: backends)
    func answersMoreConnectionsThanTheServerHas(backend: Server.Backend) async throws {
        let bouncer = try Bouncer(to: database.get())
        defer { bouncer.stop() }
        let name = "bounced by \(backend)".replacing(" ", with: "_")
        let bench = try Self.makeBench(bouncer, backend: backend, name: name)
        defer { bench.stop() }
        let sum = try await bench.run { pool in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...200 {
                    // Half of them on a connection of their own.
                    group.addTask {
                        guard number % 2 == 0 else {
                            return try await pool.query(Self.echo, number)[0][0]
                        }
                        return try await pool.withTransaction { connection in
                            try await connection.query(Self.echo, number)[0][0]
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
        }
        #expect(sum == 200 * 201 / 2)
        let servers = try ask(
            "select count(*) from pg_stat_activity where application_name = '\(name)'",
            of: database.get())
        #expect(try #require(Int(servers)) <= Bouncer.connections)
    }

    /// A COPY is a simple query among others that are not.
    @Test(arguments: backends)
    func copiesRows(backend: Server.Backend) async throws {
        let bouncer = try Bouncer(to: database.get())
        defer { bouncer.stop() }
        let bench = try Self.makeBench(bouncer, backend: backend)
        defer { bench.stop() }
        try await bench.run { pool in
            _ = try await pool.query("drop table if exists bounced")
            _ = try await pool.query("create table bounced (id int8)")
            for round in 1...20 {
                async let neighbour: Int = try await pool.query(Self.echo, round)[0][0]
                let rows = (0..<1000).map { Array("\($0)\n".utf8) }
                try await pool.withConnection { lease in
                    _ = try await lease.copyIn("copy bounced from stdin", from: rows)
                    var count = 0
                    try await lease.copyOut("copy bounced to stdout") { rows in
                        for try await _ in rows { count += 1 }
                    }
                    #expect(count == 1000 * round)
                    let found: Int = try await lease.query("select count(*) from bounced")[0][0]
                    #expect(found == count)
                }
                #expect(try await neighbour == round)
            }
            _ = try await pool.query("drop table bounced")
        }
        #expect(bench.pool.statistics.losses == 0)
    }

    /// What a transaction does is undone as a whole, and what it set ends with it.
    @Test func keepsATransactionTogether() async throws {
        let bouncer = try Bouncer(to: database.get())
        defer { bouncer.stop() }
        let bench = try Self.makeBench(bouncer)
        defer { bench.stop() }
        struct Undo: Error {}
        try await bench.run { pool in
            for _ in 0..<20 {
                await #expect(throws: Undo.self) {
                    try await pool.withTransaction { connection in
                        _ = try await connection.query("create temporary table bounced (n int8)")
                        _ = try await connection.query("insert into bounced values ($1)", 1)
                        let found: Int = try await connection.query("select n from bounced")[0][0]
                        #expect(found == 1)
                        throw Undo()
                    }
                }
            }
            let left: Int = try await pool.query(
                "select count(*) from pg_class where relname = 'bounced'")[0][0]
            #expect(left == 0)
        }
    }

    /// PgBouncer 1.18 gives the answer to another client otherwise.
    @Test(arguments: backends)
    func sendsNothingBehindASyncWithoutItsAnswer(backend: Server.Backend) async throws {
        let proxy = try Proxy(to: database.get())
        defer { proxy.stop() }
        for isStepwise in [true, false] {
            let bench = try Bench(proxy.connectionString, backend: backend) {
                $0.maximum = 2
                $0.preparesStatements = !isStepwise
            }
            defer { bench.stop() }
            try await bench.run { pool in
                let write = Statement("select $1::int8")
                _ = try await pool.query(write, 0)
                proxy.delay(0.002)
                proxy.reset()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<20 {
                        group.addTask {
                            let found: Int = try await pool.query(Self.echo, number)[0][0]
                            #expect(found == number)
                            let written: Int = try await pool.query(write, number)[0][0]
                            #expect(written == number)
                        }
                        group.addTask {
                            await #expect(throws: PostgresError.self) {
                                _ = try await pool.query(Self.quotient, 0)
                            }
                        }
                    }
                    group.addTask {
                        try await pool.withTransaction { connection in
                            for number in 0..<5 {
                                let found: Int = try await connection.query(Self.echo, number)[0][0]
                                #expect(found == number)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(proxy.seen.messages["S"]! >= 41)
            #expect((proxy.seen.early == 0) == isStepwise, "\(proxy.seen)")
        }
    }

    /// What waits after the reads of its turn may be given up, and costs nothing.
    @Test(arguments: backends)
    func givesUpWhatWaits(backend: Server.Backend) async throws {
        let proxy = try Proxy(to: database.get())
        defer { proxy.stop() }
        let name = "waiting_over_\(backend)"
        let bench = try Bench(
            proxy.connectionString + " application_name=\(name)", backend: backend
        ) {
            $0.maximum = 1
            $0.preparesStatements = false
        }
        defer { bench.stop() }
        try await bench.run { pool in
            let write = Statement("select $1::int8")
            _ = try await pool.query(write, 0)
            for isCancelled in [false, true] {
                proxy.reset()
                let slow = Task(executorPreference: bench.worker.taskExecutor) {
                    _ = try await pool.query(Statement("select pg_sleep(60)", .reads))
                }
                let late = Task(executorPreference: bench.worker.taskExecutor) {
                    let time: Duration? = isCancelled ? nil : .milliseconds(50)
                    _ = try await pool.query(write, 1, timeout: time)
                }
                if isCancelled {
                    let isSent = try await eventually { proxy.seen.messages["S"] == 1 }
                    #expect(isSent)
                    late.cancel()
                    await #expect(throws: CancellationError.self) { try await late.value }
                } else {
                    let error = await #expect(throws: RequestError.self) { try await late.value }
                    #expect((error?.cause as? PostgresError)?.kind == .timeout)
                }
                // Only now does the slow one end.
                try ask(
                    "select pg_cancel_backend(pid) from pg_stat_activity where application_name = '\(name)'",
                    of: database.get())
                await #expect(throws: PostgresError.self) { try await slow.value }
                let next: Int = try await pool.query(write, 2)[0][0]
                #expect(next == 2)
                // The slow one and the next one.
                let seen = proxy.seen
                #expect(seen.messages["E"] == 2 && seen.cancels == 0, "\(seen)")
            }
        }
        #expect(bench.pool.statistics.losses == 0)
    }

    /// Set wrongly, each process finds statements of the other one on a server, and none by its
    /// own names.
    @Test(arguments: backends)
    func meetsNoStatementOfAnother(backend: Server.Backend) async throws {
        let bouncer = try Bouncer(to: database.get(), ignoring: "options")
        defer { bouncer.stop() }
        let benches = try (0..<2).map { _ in
            try Bench(bouncer.connectionString, backend: backend) { $0.maximum = 1 }
        }
        defer { for bench in benches { bench.stop() } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, bench) in benches.enumerated() {
                group.addTask {
                    try await bench.run { pool in
                        let statements = (0..<3).map {
                            Statement("select $1::int8, \(index)::int8, \($0)::int8", .reads)
                        }
                        for number in 0..<300 {
                            let row = try await pool.query(statements[number % 3], number)[0]
                            let found: [Int] = try [row[0], row[1], row[2]]
                            #expect(found == [number, index, number % 3])
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// A failing query is the caller's alone, and the connection serves on.
    @Test(arguments: backends)
    func survivesErrors(backend: Server.Backend) async throws {
        let bouncer = try Bouncer(to: database.get())
        defer { bouncer.stop() }
        let bench = try Self.makeBench(bouncer, backend: backend)
        defer { bench.stop() }
        try await bench.run { pool in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        let found: Int? = try? await pool.query(Self.echo, number)[0][0]
                        #expect(found == number)
                    }
                    group.addTask {
                        await #expect(throws: PostgresError.self) {
                            _ = try await pool.query(Self.quotient, 0)
                        }
                    }
                }
            }
        }
    }
}
