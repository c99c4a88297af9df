// SPDX-License-Identifier: MIT

import Testing
import Vanilla

@testable import VanillaPostgres

/// One query that is given up, by its order of events.
@Suite(.needsPostgres) struct PostgresOperationTests {
    /// The answer comes when the task that waited was resumed, and has not run yet: the query is
    /// given back once, and not before its error was taken.
    @Test func isGivenBackOnce() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            let shard = Shard(
                worker: try #require(Worker.current), shared: pool.table.shared,
                quota: ConnectionQuota(1))
            defer { shard.end() }
            for answersFirst in [true, false] {
                let operation = try await Self.giveUp(on: shard, answersFirst: answersFirst)
                let next = (shard.makeQuery(nil).operation, shard.makeQuery(nil).operation)
                #expect(next.0 === operation && next.1 !== operation)
            }
        }
    }

    /// A query that was given up and ended.
    private nonisolated(nonsending) static func giveUp(
        on shard: Shard, answersFirst: Bool
    ) async throws -> Operation {
        let query = shard.makeQuery(nil)
        let operation = query.operation
        let asker = Task(executorPreference: shard.worker.taskExecutor) {
            _ = await #expect(throws: CancellationError.self) { _ = try await query.run() }
        }
        while operation.phase != .unsent { await Task.yield() }
        // As if it had been sent.
        shard.forget(operation)
        operation.phase = .sent
        operation.abandon(CancellationError())
        if answersFirst { operation.finish() }
        await asker.value
        if !answersFirst { operation.finish() }
        return operation
    }
}
