// SPDX-License-Identifier: MIT

import Foundation
import PrivatePostgres
import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

/// Queries that are cancelled on the server, and what becomes of their connection.
@Suite(.serialized, .needsPostgres) struct PostgresCancelTests {
    private static let number = Statement("select pg_sleep(0.001), $1::int8")

    /// Leases a connection and has it sleep.
    private static func sleep(
        _ bench: Bench, for seconds: Double = 60, of process: Recorder<Int32>? = nil
    ) -> Task<Void, any Error> {
        let pool = bench.pool
        return Task(executorPreference: bench.worker.taskExecutor) {
            try await pool.withConnection { connection in
                process?.record(connection.process)
                _ = try await connection.query("select pg_sleep($1)", seconds)
            }
        }
    }

    /// Has a lease sleep, and cancels it once that has left for the server.
    private static func cancel(
        _ bench: Bench, behind proxy: Proxy, sleepingFor seconds: Double = 60
    ) async throws -> Task<Void, any Error> {
        _ = try await bench.run { pool in try await pool.query("select 1") }
        proxy.reset()
        let task = sleep(bench, for: seconds)
        let isSent = try await eventually { proxy.seen.messages["E"] == 1 }
        #expect(isSent)
        task.cancel()
        return task
    }

    /// Whether a connection is there and clean: 7 comes back.
    private static func isUsable(_ bench: Bench) async throws -> Bool {
        let found: Int = try await bench.run { pool in try await pool.query(number, 7)[0][1] }
        return found == 7
    }

    @Test func asksAsTheProtocolSays() {
        #expect(
            Canceller.request(0x0102_0304, -2)
                == [0, 0, 0, 16, 4, 210, 22, 46, 1, 2, 3, 4, 255, 255, 255, 254])
    }

    @Test(arguments: backends, [false, true])
    func usesTheConnectionAgain(backend: Server.Backend, onPort: Bool) async throws {
        let proxy = try Proxy(to: database.get(), onPort: onPort)
        defer { proxy.stop() }
        let bench = try Bench(proxy.connectionString, backend: backend) { $0.maximum = 1 }
        defer { bench.stop() }
        let task = try await Self.cancel(bench, behind: proxy)
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await Self.isUsable(bench))
        #expect(proxy.seen.cancels >= 1)
        #expect(bench.pool.statistics.attempts == 1 && bench.pool.statistics.losses == 0)
    }

    @Test(arguments: backends)
    func meetsNobodyElse(backend: Server.Backend) async throws {
        let bench = try Bench(backend: backend) {
            $0.maximum = 1
            $0.cancelGrace = .seconds(20)
        }
        defer { bench.stop() }
        _ = try await bench.run { pool in try await pool.query("select 1") }
        for number in 0..<100 {
            let process = Recorder<Int32>()
            let task = Self.sleep(bench, of: process)
            let isLeased = try await eventually { process.values.count == 1 }
            #expect(isLeased)
            // Who waits for the same connection, and may not be sent again.
            async let found: Int = try await bench.run { pool in
                try await pool.query(Self.number, number)[0][1]
            }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await found == number)
        }
        let statistics = bench.pool.statistics
        #expect(statistics.attempts == 1 && statistics.losses == 0)
        // The server ended them, except one or the other that was cancelled before it was sent.
        #expect(statistics.errors > 50)
    }

    @Test(arguments: backends)
    func makesNoThread(backend: Server.Backend) async throws {
        let proxy = try Proxy(to: database.get())
        defer { proxy.stop() }
        let bench = try Bench(proxy.connectionString, backend: backend) {
            $0.maximum = 1
            $0.cancelGrace = .seconds(20)
        }
        defer { bench.stop() }
        // A thread begins with the name of the one that makes it.
        let name = "cancel-\(backend)"
        try await bench.run { _ in
            try name.write(toFile: "/proc/thread-self/comm", atomically: false, encoding: .utf8)
        }
        proxy.treatCancels(.held)
        let task = try await Self.cancel(bench, behind: proxy)
        let isAsked = try await eventually { proxy.seen.cancels == 1 }
        #expect(isAsked)
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
            .compactMap {
                try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)
            }
        #expect(names.count { $0 == name + "\n" } == 1)
        proxy.treatCancels(.passed)
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await Self.isUsable(bench))
        #expect(bench.pool.statistics.losses == 0)
    }

    @Test(arguments: backends)
    func endsWithTheGraceWhenTheServerSaysNothing(backend: Server.Backend) async throws {
        let proxy = try Proxy(to: database.get())
        defer { proxy.stop() }
        let bench = try Bench(proxy.connectionString, backend: backend) {
            $0.maximum = 1
            $0.cancelGrace = .milliseconds(200)
        }
        defer { bench.stop() }
        proxy.treatCancels(.held)
        let task = try await Self.cancel(bench, behind: proxy)
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(bench.pool.statistics.losses == 1)
        #expect(proxy.seen.cancels == 1)
        // The last descriptor of its socket is closed.
        let isClosed = try await eventually { proxy.seen.forgotten == 1 }
        #expect(isClosed)
        #expect(try await Self.isUsable(bench))
        #expect(bench.pool.statistics.attempts == 2)
    }

    @Test(arguments: backends)
    func endsWithTheWorker(backend: Server.Backend) async throws {
        let proxy = try Proxy(to: database.get())
        defer { proxy.stop() }
        let bench = try Bench(proxy.connectionString, backend: backend) { $0.maximum = 1 }
        proxy.treatCancels(.held)
        let task = try await Self.cancel(bench, behind: proxy)
        let isAsked = try await eventually { proxy.seen.cancels == 1 }
        #expect(isAsked)
        bench.stop()
        await #expect(throws: CancellationError.self) { try await task.value }
        let isClosed = try await eventually { proxy.seen.forgotten == 1 }
        #expect(isClosed)
    }

    @Test(arguments: backends)
    func isGivenToNobodyBeforeTheServerHasSentTheSignal(backend: Server.Backend) async throws {
        let proxy = try Proxy(to: database.get())
        defer { proxy.stop() }
        let bench = try Bench(proxy.connectionString, backend: backend) {
            $0.maximum = 1
            $0.cancelGrace = .seconds(20)
            $0.acquireTimeout = .seconds(20)
        }
        defer { bench.stop() }
        proxy.treatCancels(.held)
        let task = try await Self.cancel(bench, behind: proxy, sleepingFor: 0.2)
        // The query ends by itself.
        try await task.value
        async let isUsable = Self.isUsable(bench)
        let isWaiting = try await eventually { bench.pool.statistics.waiting == 1 }
        #expect(isWaiting)
        #expect(proxy.seen.cancels == 1 && proxy.seen.messages["E"] == 1)
        proxy.treatCancels(.passed)
        #expect(try await isUsable)
        #expect(bench.pool.statistics.attempts == 1 && bench.pool.statistics.losses == 0)
    }

    @Test func isCleanedOnceMoreWhenItIsCancelledMeanwhile() async throws {
        let proxy = try Proxy(to: database.get())
        defer { proxy.stop() }
        let bench = try Bench(proxy.connectionString) {
            $0.maximum = 1
            $0.cancelGrace = .seconds(20)
            $0.acquireTimeout = .seconds(20)
        }
        defer { bench.stop() }
        _ = try await bench.run { pool in try await pool.query("select 1") }
        proxy.reset()
        let worker = bench.worker
        try await bench.run { pool in
            try await pool.withConnection { connection in
                let first = Task(executorPreference: worker.taskExecutor) {
                    _ = try await connection.query("select pg_sleep(60)")
                }
                let isSent = try await eventually { proxy.seen.messages["E"] == 1 }
                #expect(isSent)
                proxy.delay(0.3)
                first.cancel()
                await #expect(throws: CancellationError.self) { try await first.value }
                // What cleans it is on its way.
                let isCleaning = try await eventually { proxy.seen.messages["S"] == 2 }
                #expect(isCleaning)
                let cancels = proxy.seen.cancels
                proxy.treatCancels(.held)
                let second = Task(executorPreference: worker.taskExecutor) {
                    _ = try await connection.query("select 1")
                }
                let isSentToo = try await eventually { proxy.seen.messages["E"] == 2 }
                #expect(isSentToo)
                second.cancel()
                // It ends by itself, before the request does.
                try await second.value
                #expect(proxy.seen.cancels == cancels + 1)
            }
        }
        proxy.delay(0)
        async let isUsable = Self.isUsable(bench)
        let isWaiting = try await eventually { bench.pool.statistics.waiting == 1 }
        #expect(isWaiting)
        #expect(proxy.seen.messages["S"] == 3)
        proxy.treatCancels(.passed)
        #expect(try await isUsable)
        #expect(proxy.seen.messages["S"] == 5)
        #expect(bench.pool.statistics.attempts == 1 && bench.pool.statistics.losses == 0)
    }

    @Test func asksAgainWhenTheSignalMetNothing() async throws {
        let proxy = try Proxy(to: database.get())
        defer { proxy.stop() }
        let bench = try Bench(proxy.connectionString) {
            $0.maximum = 1
            $0.cancelGrace = .seconds(20)
        }
        defer { bench.stop() }
        proxy.treatCancels(.swallowedOnce)
        let task = try await Self.cancel(bench, behind: proxy)
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(proxy.seen.cancels >= 2)
        #expect(try await Self.isUsable(bench))
        #expect(bench.pool.statistics.attempts == 1 && bench.pool.statistics.losses == 0)
    }

    @Test func isClosedWhenTheRequestWasLost() async throws {
        let proxy = try Proxy(to: database.get(), onPort: true)
        defer { proxy.stop() }
        let bench = try Bench(proxy.connectionString) {
            $0.maximum = 1
            $0.cancelGrace = .seconds(20)
        }
        defer { bench.stop() }
        proxy.treatCancels(.reset)
        let task = try await Self.cancel(bench, behind: proxy)
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(bench.pool.statistics.losses == 1)
        #expect(bench.log.values.contains { $0.contains("A request to cancel was lost.") })
        #expect(try await Self.isUsable(bench))
        // The end of the connection cancels once more what the server may still be at.
        #expect(proxy.seen.cancels == 2)
        #expect(bench.pool.statistics.attempts == 2)
    }

    @Test func isClosedWhenTheServerNamedNoKey() async throws {
        let proxy = try Proxy(to: database.get())
        defer { proxy.stop() }
        proxy.hideKeys()
        let bench = try Bench(proxy.connectionString) {
            $0.maximum = 1
            $0.cancelGrace = .seconds(20)
        }
        defer { bench.stop() }
        let task = try await Self.cancel(bench, behind: proxy)
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(bench.pool.statistics.losses == 1 && proxy.seen.cancels == 0)
        #expect(bench.log.values.contains { $0.contains("no key to cancel with") })
        #expect(try await Self.isUsable(bench))
        #expect(bench.pool.statistics.attempts == 2)
    }

    /// As in a container, where the server has another name for it.
    @Test func findsASocketThatItsServerNamesOtherwise() async throws {
        let proxy = try Proxy(to: database.get())
        let name = proxy.directory + "-moved"
        defer {
            try? FileManager.default.removeItem(atPath: name)
            proxy.stop()
        }
        try FileManager.default.moveItem(atPath: proxy.directory, toPath: name)
        let bench = try Bench(proxy.connectionString.replacing(proxy.directory, with: name)) {
            $0.maximum = 1
        }
        defer { bench.stop() }
        let task = try await Self.cancel(bench, behind: proxy)
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await Self.isUsable(bench))
        #expect(bench.pool.statistics.attempts == 1 && bench.pool.statistics.losses == 0)
    }

    /// libpq asks two servers, and each has named a key.
    @Test func usesTheKeyOfTheServerThatWasChosen() async throws {
        let reader = try PrivatePostgres()
        defer { reader.stop() }
        try ask("alter database example set default_transaction_read_only = on", of: reader)
        let proxy = try Proxy(to: database.get())
        defer { proxy.stop() }
        let both = proxy.connectionString.replacing(
            proxy.directory, with: "\(reader.directory),\(proxy.directory)")
        let bench = try Bench(both + " target_session_attrs=read-write") { $0.maximum = 1 }
        defer { bench.stop() }
        let task = try await Self.cancel(bench, behind: proxy)
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await Self.isUsable(bench))
        #expect(proxy.seen.cancels >= 1)
        #expect(bench.pool.statistics.attempts == 1 && bench.pool.statistics.losses == 0)
    }
}
