// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

/// Many at once, with failures, cancellations and cuts drawn at random: everybody gets the answer
/// to what it asked, or an error, and nobody waits without end.
@Suite(.needsPostgres) struct PostgresSoakTests {
    private enum Outcome: Hashable {
        case answered
        case refused
        case unavailable
        case cancelled
        case wrong
    }

    private static let echo = Statement("select $1::int8, pg_sleep($2)", .reads)
    private static let write = Statement("select $1::int8, pg_sleep($2)")
    private static let divide = Statement("select 100 / ($1::int8 - $1::int8)", .reads)

    /// One thing that somebody asks, with a number that has to come back.
    private static func ask(_ pool: PostgresPool, _ number: Int, _ kind: Int) async -> Outcome {
        let pause = kind % 3 == 0 ? 0.002 : 0
        do {
            let found: Int
            switch kind {
            case 0..<10: found = try await pool.query(echo, number, pause)[0][0]
            case 10..<14: found = try await pool.query(write, number, pause)[0][0]
            case 14: found = try await pool.query(divide, number)[0][0]
            case 15: found = try await pool.query("select $1::int8, nothing", number)[0][0]
            case 16:
                found = try await pool.withTransaction { connection in
                    _ = try await connection.query(write, number, pause)
                    return try await connection.query(echo, number, pause)[0][0]
                }
            case 17:
                found = try await pool.withConnection { connection in
                    _ = try? await connection.query(divide, number)
                    return try await connection.query(write, number, pause)[0][0]
                }
            case 18:
                found = try await pool.query(echo, number, 0.03, timeout: .milliseconds(5))[0][0]
            default:
                _ = try await pool.query("discard all")
                found = number
            }
            return found == number ? .answered : .wrong
        } catch let error as RequestError where error.status == .serviceUnavailable {
            return .unavailable
        } catch let error as PostgresError where error.kind == .server {
            return .refused
        } catch is CancellationError {
            return .cancelled
        } catch {
            return .wrong
        }
    }

    /// Also with one Sync at a time.
    @Test(arguments: backends, [(1, true), (2, true), (3, false)] as [(UInt64, Bool)])
    func answersWhatWasAsked(backend: Server.Backend, run: (seed: UInt64, isPrepared: Bool))
        async throws
    {
        let proxy = try Proxy(to: database.get())
        defer { proxy.stop() }
        let bench = try Bench(proxy.connectionString, backend: backend) {
            $0.preparesStatements = run.isPrepared
            $0.maximum = 3
            $0.depth = 16
            $0.lifetime = .milliseconds(300)
            $0.cancelGrace = .milliseconds(50)
        }
        defer { bench.stop() }
        let worker = bench.worker
        let outcomes = try await bench.run { pool in
            var generator = SeededGenerator(seed: run.seed)
            return await withTaskGroup(of: Outcome.self) { group in
                for number in 0..<1000 {
                    let kind = Int.random(in: 0..<20, using: &generator)
                    let chance = Int.random(in: 0..<100, using: &generator)
                    group.addTask {
                        let task = Task(executorPreference: worker.taskExecutor) {
                            await Self.ask(pool, number, kind)
                        }
                        if chance < 5 { task.cancel() }
                        if chance < 10 {
                            // Somewhere on its way.
                            try? await worker.sleep(for: .milliseconds(chance))
                            task.cancel()
                        }
                        return await task.value
                    }
                    if number % 400 == 399 { proxy.cut() }
                    if number % 50 == 49 { try? await worker.sleep(for: .milliseconds(2)) }
                }
                var all: [Outcome: Int] = [:]
                for await outcome in group { all[outcome, default: 0] += 1 }
                return all
            }
        }
        #expect(outcomes[.wrong] == nil, "\(outcomes)")
        #expect(outcomes.values.reduce(0, +) == 1000)
        #expect(outcomes[.answered] ?? 0 > 0, "\(outcomes)")
        // Nothing is left over.
        let isQuiet = try await eventually {
            _ = try? await bench.run { pool in try await pool.query("select 1") }
            let now = bench.pool.statistics
            return now.waiting == 0 && now.idle > 0
        }
        #expect(isQuiet)
    }
}
