// SPDX-License-Identifier: MIT

import Foundation
import HexagonalApplication
import PrivatePostgres
import Synchronization
import Vanilla
import VanillaTestSupport

@testable import HexagonalExample

/// The stores there are, each made anew.
enum TestedStore: String, CaseIterable {
    case memory
    case sqlite
    case postgres

    /// Calls `body` with an empty store, where its callers are: on a worker.
    func with<Result: Sendable>(
        _ body: @escaping @Sendable (any UserStore & ProductStore) async throws -> Result
    ) async throws -> Result {
        let place = try Place()
        let (store, close) = try open()
        defer { close() }
        return try await place.run { try await body(store) }
    }

    /// An empty store, and what closes it.
    func open() throws -> (store: any UserStore & ProductStore, close: () -> Void) {
        switch self {
        case .memory:
            return (MemoryStore(), {})
        case .sqlite:
            let file = TemporaryFile()
            let store = try SQLiteStore(path: file.path)
            return (
                store,
                {
                    store.close()
                    withExtendedLifetime(file) {}
                }
            )
        case .postgres:
            return (try PostgresStore(connection: emptyDatabase(), workers: 1), {})
        }
    }
}

/// A worker, for what is to be run where handlers are.
final class Place: Sendable {
    private let server: Server
    private let worker: Worker

    init(_ backend: Server.Backend? = nil) throws {
        let workers = Recorder<Worker>()
        server = try Server(configuration: local(backend)) { worker in
            workers.record(worker)
            return { _, response in response.send("") }
        }
        try server.start()
        guard workers.wait(for: 1) else { throw NoWorker() }
        worker = workers.values[0]
    }

    deinit {
        server.stop(within: .zero)
        server.wait()
    }

    func run<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await Task(executorPreference: worker.taskExecutor) { try await body() }.value
    }
}

private struct NoWorker: Error {}

/// One server for all tests, with a database for each.
let postgres = Result { try PrivatePostgres(settings: ["max_connections": "200"]) }
private let schemas = Atomic(0)

/// How to connect to where nothing is yet: a schema of its own.
func emptyDatabase() throws -> String {
    let name = "store\(schemas.add(1, ordering: .relaxed).newValue)"
    let connection = try postgres.get().connectionString
    try psql(connection, "create schema \(name)")
    return "\(connection) options='-c search_path=\(name)'"
}

/// Runs PostgreSQL's own client.
@discardableResult
func psql(_ connection: String, _ query: String) throws -> String {
    let ended = try run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", query, connection)
    guard ended.status == 0 else { throw QueryFailed(query: query, output: ended.output) }
    return ended.output
}

private struct QueryFailed: Error {
    let query: String
    let output: String
}

/// A path where nothing is, and nothing will be.
final class TemporaryFile: Sendable {
    private let directory = FileManager.default.temporaryDirectory
        .appending(path: "vanilla-\(UUID().uuidString)")
    var path: String { directory.appending(path: "store.sqlite").path }

    init() {
        try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }
}
