// SPDX-License-Identifier: MIT

import PrivatePostgres
import Testing
import Vanilla
import VanillaPostgres
import VanillaTesting

/// The application: its program runs this server, and its tests test it.
func makeVisitsServer(port: Int = 3000, database: String) throws -> Server {
    var configuration = PostgresPool.Configuration(database)
    configuration.acquireTimeout = .seconds(1)
    let pool = try PostgresPool(configuration)
    let router = try Router { routes in
        routes.post("/visits") { _, response in
            let count = try await pool.query(
                "insert into visits default values returning number", as: Int.self)
            response.send("\(count.first ?? 0)", status: .created)
        }
    }
    let server = try Server(port: port, router: router)
    server.onStart {
        try await pool.query("create table if not exists visits (number serial)")
    }
    server.onStop {
        try await pool.withTransaction { connection in
            try await connection.query("create table if not exists days (visits bigint)")
            try await connection.query("insert into days select count(*) from visits")
        }
    }
    return server
}

@Suite(.enabled(if: PrivatePostgres.isInstalled)) struct VisitsTests {
    @Test func countsVisits() async throws {
        let postgres = try PrivatePostgres()
        defer { postgres.stop() }
        for run in 1...2 {
            try await makeVisitsServer(database: postgres.connectionString).test { client in
                let answer = try await client.post("/visits")
                #expect(answer.status == .created && answer.text == "\(run)")
            }
        }
    }

    @Test func doesNotStartWithoutADatabase() async throws {
        let server = try makeVisitsServer(database: "host=/nowhere connect_timeout=1")
        let error = await #expect(throws: ServerError.self) {
            try await server.test { _ in }
        }
        #expect(error?.kind == .startFailed)
    }
}
