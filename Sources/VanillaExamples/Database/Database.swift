// SPDX-License-Identifier: MIT

import ArgumentParser
import CLibrary
import PrivatePostgres
import Vanilla
import VanillaExampleOptions
import VanillaPostgres

/// Users in PostgreSQL, by a pool of connections.
@main
struct Database: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "database", abstract: "Serves the users that are in a PostgreSQL database.")

    @OptionGroup var options: ServerOptions

    @Option(
        help: ArgumentHelp(
            "The database, as libpq has it. "
                + "(environment: DATABASE_URL, default: one of this program's own)"))
    var database: String?

    func run() throws {
        if let database = database ?? environmentVariable("DATABASE_URL") {
            return try serve(database)
        }
        let postgres = try PrivatePostgres()
        defer { postgres.stop() }
        say("database: a PostgreSQL server that ends with this program: \(postgres.url)")
        try serve(postgres.connectionString)
    }

    private func serve(_ connection: String) throws {
        let pool: PostgresPool
        do throws(PostgresError) {
            pool = try PostgresPool(.five(connection, among: options.maximumWorkerCount))
        } catch {
            throw ValidationError("The database: \(error)")
        }
        try options.serve { configuration in try .users(configuration, in: pool) }
    }

    /// A line of standard error: the first one of standard output says where the server listens.
    private func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}

extension PostgresPool.Configuration {
    /// Five connections, or one for each worker where there are more of those. A worker has its
    /// own, and never so many that there is none left for another.
    static func five(_ connection: String, among workers: Int) -> Self {
        var configuration = Self(connection)
        configuration.maximumInProcess = max(5, workers)
        configuration.maximum = workers == 1 ? 5 : max(1, 4 / (workers - 1))
        // Who finds none for so long is told to come back.
        configuration.acquireTimeout = .seconds(2)
        configuration.statementTimeout = .seconds(10)
        // A database that comes back is found soon.
        configuration.maximumPause = .milliseconds(250)
        return configuration
    }
}
