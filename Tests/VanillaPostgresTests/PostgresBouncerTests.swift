// SPDX-License-Identifier: MIT

import Foundation
import PrivatePostgres
import TestSupport
import Testing
import Vanilla

@testable import VanillaPostgres

/// The pool behind PgBouncer in transaction mode, where two transactions of one connection may meet two
/// servers.
@Suite struct PostgresBouncerTests {
    private static let echo = Statement("select $1::int8", .reads)

    private static func makeBench(
        _ bouncer: Bouncer, backend: Backend? = nil, name: String = "bounced"
    ) throws -> Bench {
        try Bench(bouncer.connectionString + " application_name=\(name)", backend: backend) {
            $0.maximum = 8
            $0.preparesStatements = false
        }
    }

    @Test(arguments: backends)
    func answersMoreConnectionsThanTheServerHas(backend: Backend) async throws {
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

    /// A failing query is the caller's alone, and the connection serves on.
    @Test func survivesErrors() async throws {
        let bouncer = try Bouncer(to: database.get())
        defer { bouncer.stop() }
        let bench = try Self.makeBench(bouncer)
        defer { bench.stop() }
        try await bench.run { pool in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let found: Int? = try? await pool.query(Self.echo, number)[0][0]
                        #expect(found == number)
                    }
                    group.addTask {
                        await #expect(throws: PostgresError.self) {
                            _ = try await pool.query(Statement("select 1 / $1::int8", .reads), 0)
                        }
                    }
                }
            }
        }
    }
}
