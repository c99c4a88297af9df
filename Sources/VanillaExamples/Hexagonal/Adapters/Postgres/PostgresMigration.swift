// SPDX-License-Identifier: MIT

import Vanilla
import VanillaPostgres

/// Brings a database up to date before the first query of this program.
///
/// Once, and again only where it failed. Programs that start at the same time take turns.
actor PostgresMigration {
    /// The shape of the database, step by step: what was released is never changed, only added to.
    /// The names begin with the program's, since others may have tables in the same database.
    static let all = [
        """
        create table hexagonal_users (
            id bigint generated always as identity primary key,
            name text not null unique,
            password_hash text not null
        )
        """,
        """
        create table hexagonal_products (
            id bigint generated always as identity primary key,
            name text not null,
            price bigint not null,
            currency text not null
        )
        """,
    ]

    private let steps: [String]
    private var running: Task<Void, any Error>?

    init(_ steps: [String] = all) {
        self.steps = steps
    }

    /// Returns when the database is up to date. On a worker.
    ///
    /// - Throws: ``NewerDatabase``, or what the pool throws.
    func run(on pool: PostgresPool) async throws {
        // Not of this request's task, since others wait for it, too, and not cancelled with it.
        let task = running ?? begin(on: pool)
        do {
            try await task.value
        } catch {
            if running == task { running = nil }
            throw error
        }
    }

    private func begin(on pool: PostgresPool) -> Task<Void, any Error> {
        let task = Task(executorPreference: Worker.current?.taskExecutor) { [steps] in
            try await Self.migrate(pool, steps)
        }
        running = task
        return task
    }

    /// All of it, or nothing and an error.
    private nonisolated static func migrate(_ pool: PostgresPool, _ steps: [String]) async throws {
        try await pool.withTransaction { connection in
            // Until the transaction ends. The number means this and nothing else in this database.
            _ = try await connection.query("select pg_advisory_xact_lock(7241031905)")
            _ = try await connection.query(
                "create table if not exists hexagonal_migrations (version bigint primary key)")
            let rows = try await connection.query(
                "select coalesce(max(version), 0) from hexagonal_migrations")
            let version: Int64 = try rows[0][0]
            guard version <= steps.count else {
                throw NewerDatabase(version: version, known: steps.count)
            }
            for (index, step) in steps.enumerated().dropFirst(Int(version)) {
                _ = try await connection.query(step)
                _ = try await connection.query(
                    "insert into hexagonal_migrations values ($1)", Int64(index + 1))
            }
        }
    }
}
