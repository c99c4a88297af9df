// SPDX-License-Identifier: MIT

import Foundation
import PrivatePostgres
import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

/// How long a statement may take, and who says so.
@Suite(.serialized, .needsPostgres) struct PostgresTimeoutTests {
    private struct Planned: Error {}

    /// Who sets a timeout, besides the pool, and what comes of it: at the server, and here in
    /// milliseconds.
    struct Setting: Sendable, CustomTestStringConvertible {
        var role: String?
        var connection = ""
        var environment: String?
        var program: Duration?
        let found: String
        let time: Int64

        var testDescription: String { found }
    }

    static let settings = [
        Setting(found: "30s", time: 30_500),
        Setting(connection: " options='-c statement_timeout=44s'", found: "44s", time: 44_500),
        Setting(environment: "-c statement_timeout=45s", found: "45s", time: 45_500),
        Setting(role: "46s", found: "46s", time: 46_500),
        Setting(role: "0", found: "0", time: 365 * 86_400_000),
        Setting(
            role: "46s", connection: " options='-c statement_timeout=0'", found: "0",
            time: 365 * 86_400_000),
        Setting(
            role: "46s", connection: " options='-c statement_timeout=47s'", program: .seconds(48),
            found: "48s", time: 48_500),
    ]

    @Test(arguments: settings, [true, false])
    func isWhatWasSet(setting: Setting, prepares: Bool) async throws {
        let postgres = try database.get()
        var connection = postgres.connectionString + setting.connection
        if let time = setting.role {
            try ask(
                """
                drop role if exists timed;
                create role timed login password '\(PrivatePostgres.password)';
                alter role timed set statement_timeout = '\(time)'
                """, of: postgres)
            connection += " user=timed"
        }
        defer { if setting.role != nil { _ = try? ask("drop role timed", of: postgres) } }
        setting.environment.map { _ = setenv("PGOPTIONS", $0, 1) }
        defer { unsetenv("PGOPTIONS") }
        let bench = try Bench(connection) {
            $0.maximum = 1
            $0.preparesStatements = prepares
            $0.statementTimeout = setting.program
        }
        defer { bench.stop() }
        try await bench.run { pool in
            for _ in 0..<2 {
                let found: String = try await pool.query(
                    "select current_setting('statement_timeout')")[0][0]
                // Nothing is sent to a pooler, which may not know it.
                if prepares || setting.role != nil && setting.connection.isEmpty {
                    #expect(found == setting.found)
                }
                let opened = try #require(try pool.table.find(in: nil)).connections[0]
                let hasOptions = setting.connection + (setting.environment ?? "") != ""
                if prepares || !hasOptions || setting.program != nil {
                    #expect(opened.pipeline.defaultTimeout == setting.time * 1_000_000)
                }
                // What undoes a lease does not undo this.
                await #expect(throws: Planned.self) {
                    try await pool.withConnection { connection in
                        _ = try await connection.query("set statement_timeout = 49000")
                        throw Planned()
                    }
                }
            }
        }
        #expect(bench.pool.statistics.losses == 0)
    }
}
