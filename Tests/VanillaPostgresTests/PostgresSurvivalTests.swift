// SPDX-License-Identifier: MIT

import Foundation
import PrivatePostgres
import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

/// What a pool survives. Each has a server of its own.
@Suite(.serialized, .needsPostgres) struct PostgresSurvivalTests {
    private static let one = Statement("select 1", .reads)

    /// Asks until there is an answer; anything but 503 on the way is a failure.
    private func answers(_ bench: Bench, within time: Duration = .seconds(20)) async throws -> Bool
    {
        try await eventually(within: time) {
            try await bench.run { pool in
                do {
                    _ = try await pool.query(Self.one)
                    return true
                } catch let error as RequestError where error.status == .serviceUnavailable {
                    return false
                }
            }
        }
    }

    @Test(arguments: backends)
    func survivesTheEndOfEveryConnection(backend: Server.Backend) async throws {
        let postgres = try PrivatePostgres()
        defer { postgres.stop() }
        let bench = try Bench(postgres.connectionString, backend: backend) { $0.minimum = 3 }
        defer { bench.stop() }
        try await bench.run { pool in
            try pool.open()
            _ = try await pool.query(Self.one)
        }
        let isOpen = try await eventually { bench.pool.statistics.connected == 3 }
        #expect(isOpen)
        for round in 0..<3 {
            // Those that are still coming back would be lost once less.
            let isWhole = try await eventually {
                let seen = bench.pool.statistics
                return seen.losses >= 3 * round && seen.reconnects == seen.losses
            }
            #expect(isWhole)
            try ask(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'vanilla'",
                of: postgres)
            // What only reads is sent again, so that nobody notices.
            let found: Int = try await bench.run { pool in try await pool.query(Self.one)[0][0] }
            #expect(found == 1)
        }
        let isWhole = try await eventually {
            let seen = bench.pool.statistics
            return seen.losses >= 9 && seen.reconnects == seen.losses
        }
        #expect(isWhole)
    }

    @Test(arguments: backends)
    func aQueryWhoseConnectionEndsIsUnavailable(backend: Server.Backend) async throws {
        let postgres = try PrivatePostgres()
        defer { postgres.stop() }
        let bench = try Bench(postgres.connectionString, backend: backend) { $0.maximum = 1 }
        defer { bench.stop() }
        // The server says that it ends the connection in answer to the query, and no more.
        let fatal = Statement("select pg_terminate_backend(pg_backend_pid())")
        let ways: [@Sendable (PostgresPool) async throws -> Void] = [
            { pool in _ = try await pool.query(fatal) },
            { pool in _ = try await pool.withConnection { try await $0.query(fatal) } },
            { pool in _ = try await pool.withTransaction { try await $0.query(fatal) } },
        ]
        for (index, way) in ways.enumerated() {
            #expect(try await answers(bench))
            let thrown = try await bench.run { pool in
                do {
                    try await way(pool)
                    return nil as (any Error)?
                } catch {
                    return error
                }
            }
            let error = try #require(
                thrown as? RequestError, "\(index): \(String(describing: thrown))")
            #expect(error.status == .serviceUnavailable && error.retryAfter == 1)
            #expect((error.cause as? PostgresError)?.sqlState == "57P01", "\(index): \(error)")
        }
        #expect(try await answers(bench))
    }

    /// What the server says of itself, while nothing is asked.
    @Test(
        arguments: backends,
        [
            ("idle_session_timeout", "57P05"), ("idle_in_transaction_session_timeout", "25P03"),
            ("", "57P01"),
        ])
    func saysWhyTheServerEndedAConnection(
        backend: Server.Backend, setting: (name: String, state: String)
    ) async throws {
        let name = "last_words_\(backend)_\(setting.state)"
        var connection = try database.get().connectionString + " application_name=\(name)"
        if !setting.name.isEmpty { connection += " options='-c \(setting.name)=100'" }
        let bench = try Bench(connection, backend: backend) { $0.maximum = 1 }
        defer { bench.stop() }
        let end =
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = '\(name)'"
        let error = try await bench.run { pool in
            await #expect(throws: RequestError.self) {
                try await pool.withTransaction { connection in
                    // Idle within a transaction, or before one.
                    if setting.state != "57P05" { _ = try await connection.query("select 1") }
                    if setting.name.isEmpty { try ask(end, of: database.get()) }
                    let isSaid = try await eventually {
                        bench.log.values.contains { $0.contains(setting.state) }
                    }
                    #expect(isSaid)
                    _ = try await connection.query("select 1")
                }
            }
        }
        let cause = try #require(error?.cause as? PostgresError)
        #expect(cause.sqlState == setting.state && cause.kind == .connection, "\(cause)")
        #expect(cause.message.contains("terminating connection"), "\(cause)")
        #expect(
            !bench.log.values.contains { $0.contains("abnormally") || $0.contains("unexpectedly") })
    }

    @Test(arguments: backends)
    func survivesARestart(backend: Server.Backend) async throws {
        let postgres = try PrivatePostgres()
        defer { postgres.stop() }
        let bench = try Bench(postgres.connectionString, backend: backend) {
            $0.acquireTimeout = .milliseconds(100)
        }
        defer { bench.stop() }
        #expect(try await answers(bench))
        try postgres.halt()
        let error = try await bench.run { pool in
            do {
                _ = try await pool.query(Self.one)
                return nil as RequestError?
            } catch let error as RequestError {
                return error
            }
        }
        #expect(error?.status == .serviceUnavailable && error?.retryAfter == 1)
        // It says why.
        let cause = try #require(error?.cause as? PostgresError)
        #expect(cause.message.contains("The last attempt to connect failed"), "\(cause)")
        try postgres.start()
        #expect(try await answers(bench))
    }

    @Test(arguments: backends)
    func survivesAServerThatStandsStill(backend: Server.Backend) async throws {
        let postgres = try PrivatePostgres()
        defer { postgres.stop() }
        let bench = try Bench(postgres.connectionString, backend: backend) {
            $0.acquireTimeout = .milliseconds(100)
            $0.connectTimeout = .milliseconds(200)
            $0.cancelGrace = .milliseconds(100)
        }
        defer { bench.stop() }
        #expect(try await answers(bench))
        postgres.suspend()
        let kinds = try await bench.run { pool in
            var kinds: Set<PostgresError.Kind> = []
            for _ in 0..<5 {
                do {
                    _ = try await pool.query(Self.one, timeout: .milliseconds(100))
                } catch let error as RequestError where error.status == .serviceUnavailable {
                    (error.cause as? PostgresError).map { _ = kinds.insert($0.kind) }
                }
            }
            return kinds
        }
        #expect(kinds == [.timeout] || kinds == [.timeout, .connection])
        postgres.resume()
        #expect(try await answers(bench))
    }

    @Test func survivesTooManyConnections() async throws {
        let postgres = try PrivatePostgres(settings: [
            "max_connections": "4", "superuser_reserved_connections": "0",
        ])
        defer { postgres.stop() }
        let hogs = try Bench(postgres.connectionString) { $0.minimum = 4 }
        try await hogs.run { pool in try pool.open() }
        let isFull = try await eventually { hogs.pool.statistics.connected == 4 }
        #expect(isFull)
        let bench = try Bench(postgres.connectionString) { $0.acquireTimeout = .milliseconds(100) }
        defer { bench.stop() }
        let cause = try await bench.run { pool in
            do {
                _ = try await pool.query(Self.one)
                return nil as PostgresError?
            } catch let error as RequestError {
                return error.cause as? PostgresError
            }
        }
        #expect(cause?.message.contains("too many") == true, "\(String(describing: cause))")
        hogs.stop()
        #expect(try await answers(bench))
    }

    @Test func sendsReadsAgainWhenTheConnectionIsCut() async throws {
        let proxy = try Proxy(to: database.get())
        defer { proxy.stop() }
        let bench = try Bench(proxy.connectionString) { $0.maximum = 1 }
        defer { bench.stop() }
        let sleep = Statement("select pg_sleep(0.3), 7", .reads)
        let write = Statement("select pg_sleep(0.3), 7")
        _ = try await bench.run { pool in try await pool.query(Self.one) }
        proxy.reset()
        let (read, written) = try await bench.run { pool in
            async let read: Int = try await pool.query(sleep)[0][1]
            async let written: Int = try await pool.query(write)[0][1]
            // Once it was sent.
            let isSent = try await eventually { proxy.seen.messages["S"] ?? 0 >= 2 }
            #expect(isSent)
            proxy.cut()
            let number = try await read
            do {
                _ = try await written
                return (number, nil as RequestError?)
            } catch let error as RequestError {
                return (number, error)
            }
        }
        #expect(read == 7)
        #expect(written?.status == .serviceUnavailable)
        #expect((written?.cause as? PostgresError)?.kind == .connection)
    }

    @Test func pausesLongerAfterEachFailure() async throws {
        let bench = try Bench("host=/nowhere/at/all user=nobody") {
            $0.acquireTimeout = .milliseconds(600)
            $0.firstPause = .milliseconds(40)
            $0.maximumPause = .milliseconds(200)
        }
        defer { bench.stop() }
        try await bench.run { pool in
            _ = await #expect(throws: RequestError.self) { _ = try await pool.query(Self.one) }
        }
        let attempts = bench.pool.statistics.attempts
        // Without pauses there would be thousands.
        #expect((2...200).contains(attempts), "\(attempts)")
    }

    @Test func closesOldAndIdleConnections() async throws {
        let bench = try Bench {
            $0.minimum = 1
            $0.maximum = 2
            $0.lifetime = .milliseconds(50)
        }
        defer { bench.stop() }
        // Replaced as they grow old, and nobody notices.
        let isReplaced = try await eventually {
            _ = try await bench.run { pool in try await pool.query(Self.one) }
            return bench.pool.statistics.connected >= 4
        }
        #expect(isReplaced)
        #expect(bench.pool.statistics.losses == 0 && bench.pool.statistics.errors == 0)

        let idle = try Bench {
            $0.minimum = 0
            $0.idleTimeout = .milliseconds(20)
        }
        defer { idle.stop() }
        _ = try await idle.run { pool in try await pool.query(Self.one) }
        let isClosed = try await eventually { idle.pool.statistics.size == 0 }
        #expect(isClosed)
    }

    /// libpq keeps the memory of the largest message.
    @Test(arguments: backends, [1, 2])
    func givesBackTheMemoryOfALargeMessage(backend: Server.Backend, maximum: Int) async throws {
        let bench = try Bench(backend: backend) {
            $0.maximum = maximum
            $0.grownLifetime = .milliseconds(100)
        }
        defer { bench.stop() }
        func resident() throws -> Int {
            let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
            return try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) })
                * 4096
        }
        let hasGrown: @Sendable (PostgresPool) throws -> Bool = { pool in
            try #require(try pool.table.find(in: nil)).connections.contains { $0.pipeline.hasGrown }
        }
        // Many rows are not one.
        let isKept = try await bench.run { pool in
            let rows = try await pool.query(
                "select repeat('x', 1000) from generate_series(1, 5000)")
            #expect(rows.count == 5000)
            _ = try await pool.query("select length($1)", String(repeating: "x", count: 1 << 19))
            return try !hasGrown(pool)
        }
        #expect(isKept && bench.pool.statistics.attempts <= maximum)
        let before = try resident()
        let large = isSanitized ? 4 << 20 : 64 << 20
        for (round, sql) in [
            "select length($1)::text", "select repeat('x', \(large)) || left($1, 0)",
        ].enumerated() {
            let attempts = bench.pool.statistics.attempts
            try await bench.run { pool in
                let text = round == 0 ? String(repeating: "x", count: large) : "x"
                let found: String = try await pool.query(sql, text)[0][0]
                #expect(found.utf8.count == (round == 0 ? "\(large)".utf8.count : large))
                // What is sent takes longer than the connection then has.
                #expect(try round == 0 || hasGrown(pool), "\(pool.statistics)")
            }
            let isReplaced = try await eventually {
                try await bench.run { pool in
                    _ = try await pool.query(Self.one)
                    // It may be closed while the answer comes, and its successor not yet asked for.
                    return try !hasGrown(pool) && pool.statistics.attempts > attempts
                }
            }
            #expect(isReplaced, "\(round)")
        }
        if !isSanitized {
            let isBack = try await eventually { try resident() < before + 24 << 20 }
            #expect(isBack)
        }
        #expect(bench.pool.statistics.losses == 0 && bench.pool.statistics.errors == 0)
    }

    @Test func staysWithinTheProcess() async throws {
        let bench = try Bench {
            $0.minimum = 4
            $0.maximum = 4
            $0.maximumInProcess = 2
        }
        defer { bench.stop() }
        try await bench.run { pool in
            try pool.open()
            try await pool.withConnection { _ in _ = try await pool.query(Self.one) }
        }
        #expect(bench.pool.statistics.attempts == 2 && bench.pool.statistics.size == 2)
    }

    @Test func findsHostsWithoutBlocking() async throws {
        let bench = try Bench("host=no-such-host.invalid user=nobody") {
            $0.acquireTimeout = .milliseconds(300)
            $0.connectTimeout = .milliseconds(200)
        }
        defer { bench.stop() }
        try await bench.run { pool in
            _ = await #expect(throws: RequestError.self) { _ = try await pool.query(Self.one) }
        }
    }

    @Test(arguments: backends)
    func endsWithTheServer(backend: Server.Backend) async throws {
        let name = "drain-\(backend)"
        let bench = try Bench(
            try database.get().connectionString + " application_name=\(name)", backend: backend)
        try await bench.run { pool in _ = try await pool.query(Self.one) }
        let count = "select count(*) from pg_stat_activity where application_name = '\(name)'"
        #expect(try ask(count, of: database.get()) == "1")
        bench.stop()
        let isGone = try await eventually { try ask(count, of: database.get()) == "0" }
        #expect(isGone)
    }
}
