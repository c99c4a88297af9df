// SPDX-License-Identifier: MIT

import ArgumentParser
import Vanilla
import VanillaExampleOptions
import VanillaPostgres

/// The server of the database benchmark, written as a user would write it.
@main
struct DatabaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "DatabaseBench", abstract: "The server that the database benchmark loads.")

    @OptionGroup var options: ServerOptions

    @Option(help: "A connection string or URI as libpq reads it.")
    var database: String

    @Option(help: "The most connections to the database of a worker. (default: the pool's)")
    var connections: Int?

    func run() throws {
        var configuration = PostgresPool.Configuration(database)
        if let connections { configuration.maximum = connections }
        let store = Store(try PostgresPool(configuration))
        let router = try Router.database(store)
        try options.serve { configuration in
            try Server(configuration: configuration, router: router)
        }
    }
}
