// SPDX-License-Identifier: MIT

import Foundation
import PrivatePostgres
import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

/// LISTEN and NOTIFY. Each test has channels of its own.
@Suite(.needsPostgres) struct PostgresListenTests {
    /// Takes events up to so many.
    private static func take(
        _ count: Int, of notifications: PostgresNotifications
    ) async throws -> [String] {
        var found: [String] = []
        var iterator = notifications.makeAsyncIterator()
        while found.count < count, let event = try await iterator.next() {
            found.append(text(event))
        }
        return found
    }

    private static func text(_ event: PostgresNotification.Event) -> String {
        switch event {
        case .notification(let notification): notification.payload
        case .gap: "gap"
        }
    }

    /// How many channels the bench's worker listens to.
    private static func count(_ bench: Bench) async throws -> Int {
        try await bench.run { pool in
            try #require(try pool.table.find(in: nil)).listener?.count ?? 0
        }
    }

    @Test(arguments: backends)
    func hearsInOrder(backend: Server.Backend) async throws {
        let bench = try Bench(backend: backend)
        defer { bench.stop() }
        let channel = "order_\(backend)"
        let found = try await bench.run { pool in
            let notifications = try await pool.listen(on: channel)
            for number in 0..<50 { try await pool.notify(channel, "\(number)") }
            return try await Self.take(50, of: notifications)
        }
        #expect(found == (0..<50).map { "\($0)" })
        // From a task of no worker, and to several channels.
        let notifications = try await bench.pool.listen(on: channel, channel + "_too")
        try await bench.pool.notify(channel, "one")
        try await bench.pool.notify(channel + "_too")
        #expect(try await Self.take(2, of: notifications) == ["one", ""])
    }

    @Test func hearsOfATransactionOnceItIsCommitted() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        struct Undo: Error {}
        let found = try await bench.run { pool in
            let notifications = try await pool.listen(on: "transactions")
            await #expect(throws: Undo.self) {
                try await pool.withTransaction { connection in
                    try await connection.notify("transactions", "undone")
                    throw Undo()
                }
            }
            try await pool.withTransaction { connection in
                try await connection.notify("transactions", "done")
                try await pool.notify("transactions", "before")
            }
            return try await Self.take(2, of: notifications)
        }
        #expect(found == ["before", "done"])
    }

    /// A name is never part of a statement's text otherwise.
    @Test func takesEveryNameAsItIs() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        let names = [
            "Upper", "with space", "a\"b", "\"", "a\"\u{301}; unlisten *; --", "'", "\\", "*", "ü",
            String(repeating: "n", count: 63),
        ]
        let found = try await bench.run { pool in
            let notifications = try await pool.listen(on: names)
            // Would be heard where names were folded.
            try await pool.notify("upper", "wrong")
            var found: [String] = []
            for name in names { try await pool.notify(name, "told") }
            for try await case .notification(let notification) in notifications {
                #expect(notification.payload == "told" && notification.process != 0)
                found.append(notification.channel)
                if found.count == names.count { break }
            }
            return found
        }
        #expect(found == names)
        #expect(ChannelName.quoted("a\"\u{301}b") == "\"a\"\"\u{301}b\"")
    }

    @Test func refusesWhatCannotBeTold() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        for name in ["", "a\0b", String(repeating: "n", count: 64)] {
            for isListening in [true, false] {
                let error = await #expect(throws: PostgresError.self) {
                    if isListening {
                        _ = try await bench.pool.listen(on: "good", name)
                    } else {
                        try await bench.pool.notify(name, "x")
                    }
                }
                #expect(error?.kind == .misuse)
            }
        }
        try await bench.pool.notify("large", String(repeating: "x", count: 7999))
        await #expect(throws: PostgresError.self) {
            try await bench.pool.notify("large", String(repeating: "x", count: 8000))
        }
        await #expect(throws: PostgresError.self) { _ = try await bench.pool.listen(on: []) }
    }

    @Test func needsOneConnectionForAll() async throws {
        let name = "one_for_all"
        let bench = try Bench(database.get().connectionString + " application_name=\(name)") {
            $0.maximum = 1
        }
        defer { bench.stop() }
        let (first, second) = try await bench.run { pool in
            (try await pool.listen(on: "shared"), try await pool.listen(on: "shared", "other"))
        }
        try await bench.pool.notify("shared", "both")
        #expect(try await Self.take(1, of: first) == ["both"])
        #expect(try await Self.take(1, of: second) == ["both"])
        let count = try ask(
            "select count(*) from pg_stat_activity where application_name = '\(name)'",
            of: database.get())
        #expect(count == "2")
        first.end()
        #expect(try await Self.take(1, of: first) == [])
        try await bench.pool.notify("shared", "one")
        #expect(try await Self.take(1, of: second) == ["one"])
    }

    @Test func saysThatABufferWasFull() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        let (slow, other) = try await bench.run { pool in
            (
                try await pool.listen(on: "full", buffering: 3),
                try await pool.listen(on: "full")
            )
        }
        for number in 0..<10 { try await bench.pool.notify("full", "\(number)") }
        // All of them have come.
        #expect(try await Self.take(10, of: other).last == "9")
        #expect(try await Self.take(4, of: slow) == ["0", "1", "2", "gap"])
        try await bench.pool.notify("full", "later")
        #expect(try await Self.take(1, of: slow) == ["later"])
    }

    @Test(arguments: backends)
    func endsByCancellation(backend: Server.Backend) async throws {
        let bench = try Bench(backend: backend)
        defer { bench.stop() }
        let began = Recorder<Bool>()
        let pool = bench.pool
        let task = Task(executorPreference: bench.worker.taskExecutor) {
            let notifications = try await pool.listen(on: "cancelled_\(backend)")
            began.record(true)
            for try await _ in notifications {}
        }
        #expect(began.wait(for: 1))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        // Nobody listens any more.
        let isGivenUp = try await eventually { try await Self.count(bench) == 0 }
        #expect(isGivenUp)
        // One that was cancelled before.
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await pool.listen(on: "cancelled_\(backend)")
        }
        await #expect(throws: CancellationError.self) { try await late.value }
    }

    @Test(arguments: backends)
    func endsWithTheWorker(backend: Server.Backend) async throws {
        let bench = try Bench(backend: backend)
        let notifications = try await bench.run { pool in try await pool.listen(on: "worker") }
        let task = Task { try await Self.take(1, of: notifications) }
        bench.stop()
        #expect(try await task.value == [])
        #expect(try await Self.take(1, of: notifications) == [])
    }

    /// A handler that listens holds up the end of its server no longer than the drain.
    @Test(arguments: backends)
    func aHandlerEndsWithTheDrain(backend: Server.Backend) async throws {
        let ended = Recorder<String>()
        let bench = try Bench(
            backend: backend,
            handler: { pool in
                { _, response in
                    try response.begin(contentType: .text)
                    do {
                        for try await event in try await pool.listen(on: "drained") {
                            try await response.write(Self.text(event))
                        }
                        ended.record("end")
                    } catch {
                        ended.record("\(type(of: error))")
                    }
                }
            })
        let reader = Task { try await bench.get("/") }
        let isListening = try await eventually { try await Self.count(bench) == 1 }
        #expect(isListening)
        bench.stop()
        #expect(ended.wait(for: 1) && ended.values == ["CancellationError"])
        _ = try? await reader.value
    }

    @Test(arguments: backends)
    func listensAgainWhenTheConnectionIsLost(backend: Server.Backend) async throws {
        let name = "lost_\(backend)".replacing(" ", with: "_")
        let bench = try Bench(
            database.get().connectionString + " application_name=\(name)", backend: backend)
        defer { bench.stop() }
        let notifications = try await bench.run { pool in try await pool.listen(on: name) }
        for _ in 0..<3 {
            try ask(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = '\(name)' and query like 'listen%'",
                of: database.get())
            #expect(try await Self.take(1, of: notifications) == ["gap"])
            try await bench.pool.notify(name, "heard")
            #expect(try await Self.take(1, of: notifications) == ["heard"])
        }
    }

    /// One whose name the database cannot have takes nothing from the others.
    @Test func aRefusedNameConcernsItsListenersAlone() async throws {
        let postgres = try database.get()
        _ = try? ask("drop database latin", of: postgres)
        try ask(
            "create database latin encoding 'LATIN1' locale 'C' template template0", of: postgres)
        let bench = try Bench(
            postgres.connectionString.replacing(
                "dbname=\(PrivatePostgres.database)", with: "dbname=latin"))
        defer { bench.stop() }
        let good = try await bench.run { pool in try await pool.listen(on: "good") }
        let error = await #expect(throws: PostgresError.self) {
            _ = try await bench.pool.listen(on: "fine", "\u{4e2d}")
        }
        #expect(
            error?.kind == .server && error?.sqlState == "22P05", "\(String(describing: error))")
        try await bench.pool.notify("good", "heard")
        #expect(try await Self.take(1, of: good) == ["heard"])
    }
}

/// What those that listen survive. Each has a server of its own.
@Suite(.serialized, .needsPostgres) struct PostgresListenSurvivalTests {
    private static func take(_ notifications: PostgresNotifications) async throws -> String? {
        var iterator = notifications.makeAsyncIterator()
        return switch try await iterator.next() {
        case .notification(let notification): notification.payload
        case .gap: "gap"
        case nil: nil
        }
    }

    @Test func survivesARestart() async throws {
        let postgres = try PrivatePostgres()
        defer { postgres.stop() }
        let bench = try Bench(postgres.connectionString) {
            $0.acquireTimeout = .milliseconds(200)
        }
        defer { bench.stop() }
        let notifications = try await bench.run { pool in
            try await pool.listen(on: ["restart"] + (0..<200).map { "channel \($0)" })
        }
        try postgres.halt()
        let refused = await #expect(throws: RequestError.self) {
            _ = try await bench.pool.listen(on: "meanwhile")
        }
        #expect(refused?.status == .serviceUnavailable)
        let cause = try #require(refused?.cause as? PostgresError)
        #expect(cause.kind == .timeout && cause.message.contains("The last attempt"), "\(cause)")
        try postgres.start()
        #expect(try await Self.take(notifications) == "gap")
        for channel in ["restart", "channel 0", "channel 199"] {
            try ask("notify \"\(channel)\", '\(channel)'", of: postgres)
            #expect(try await Self.take(notifications) == channel)
        }
    }

    @Test func noticesAServerThatStandsStill() async throws {
        let postgres = try PrivatePostgres()
        defer { postgres.stop() }
        let bench = try Bench(postgres.connectionString) {
            $0.listenHeartbeat = .milliseconds(50)
            $0.connectTimeout = .milliseconds(200)
        }
        defer { bench.stop() }
        let notifications = try await bench.run { pool in try await pool.listen(on: "still") }
        postgres.suspend()
        let isNoticed = try await eventually {
            bench.log.values.contains { $0.contains("The connection that listens was lost") }
        }
        #expect(isNoticed)
        postgres.resume()
        #expect(try await Self.take(notifications) == "gap")
    }

    @Test func listensPastAPooler() async throws {
        guard Bouncer.isInstalled else { return }
        let postgres = try PrivatePostgres()
        defer { postgres.stop() }
        let bouncer = try Bouncer(to: postgres)
        defer { bouncer.stop() }
        let bench = try Bench(bouncer.connectionString) {
            $0.preparesStatements = false
            $0.listenConnection = postgres.connectionString
        }
        defer { bench.stop() }
        let notifications = try await bench.run { pool in try await pool.listen(on: "past") }
        try await bench.pool.notify("past", "the pooler")
        #expect(try await Self.take(notifications) == "the pooler")
    }
}
