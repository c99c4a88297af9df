// SPDX-License-Identifier: MIT

import Foundation
import PrivatePostgres
import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

extension Trait where Self == ConditionTrait {
    /// The libraries need no server to be built and tested: without one these tests are not run.
    /// `scripts/test` installs it, and fails where it is missing.
    static var needsPostgres: Self {
        .enabled(if: PrivatePostgres.isInstalled, "PostgreSQL is not installed")
    }
}

/// One server for all tests that leave it as it was.
let database = Result { try PrivatePostgres(settings: ["max_connections": "200"]) }

/// A worker, and a pool on it.
final class Bench: Sendable {
    let pool: PostgresPool
    let server: Server
    let worker: Worker
    let log = Recorder<String>()

    /// A pool of connections to the shared server, or wherever `connection` leads.
    init(
        _ connection: String? = nil, backend: Server.Backend? = nil,
        handlerDeadline: Duration? = nil,
        _ change: (inout PostgresPool.Configuration) -> Void = { _ in },
        handler: @escaping @Sendable (PostgresPool) -> Server.AsyncHandler = { _ in
            { _, response in response.send("") }
        }
    ) throws {
        var configuration = PostgresPool.Configuration(
            try connection ?? database.get().connectionString)
        configuration.log = { [log] in log.record("\($0): \($1)") }
        change(&configuration)
        pool = try PostgresPool(configuration)

        var served = local(backend)
        if let handlerDeadline { served.deadlines.handler = handlerDeadline }
        served.log = { [log] in log.record("\($0): \($1)") }
        let workers = Recorder<Worker>()
        let answer = handler(pool)
        server = try Server(configuration: served) { worker in
            workers.record(worker)
            return { request, response in try response.run(for: request, answer) }
        }
        try server.start()
        guard workers.wait(for: 1) else { throw PostgresError(.stopped, "There is no worker.") }
        worker = workers.values[0]
    }

    /// Runs a task on the worker, as an asynchronous handler is.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresPool) async throws -> Value
    ) async throws -> Value {
        let pool = pool
        return try await Task(executorPreference: worker.taskExecutor) { try await body(pool) }
            .value
    }

    /// Asks the server for a page.
    func get(_ path: String) async throws -> (status: Int, retryAfter: String?, text: String) {
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)\(path)"))
        let (data, response) = try await URLSession.shared.data(from: url)
        let answer = try #require(response as? HTTPURLResponse)
        return (
            answer.statusCode, answer.value(forHTTPHeaderField: "Retry-After"),
            String(decoding: data, as: UTF8.self)
        )
    }

    func stop() {
        server.stop(within: .zero)
        server.wait()
    }
}

/// Asks the server by a client of its own.
@discardableResult
func ask(_ sql: String, of postgres: PrivatePostgres) throws -> String {
    try run("psql", "-XAtq", postgres.connectionString, "-c", sql).output
        .trimmingCharacters(in: .whitespacesAndNewlines)
}

/// Whether something becomes true before the deadline.
func eventually(
    within time: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws -> Bool {
    let end = ContinuousClock.now + time
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(1))
    }
    return try await condition()
}
