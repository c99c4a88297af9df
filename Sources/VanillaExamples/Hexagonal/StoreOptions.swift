// SPDX-License-Identifier: MIT

import ArgumentParser
import HexagonalApplication

/// Where things can be kept, as it is named on a command line.
enum StoreOption: String, ExpressibleByArgument, CaseIterable {
    case sqlite
    case postgres
    case memory
}

/// Where things are kept.
struct StoreOptions: ParsableArguments {
    private static let file = "hexagonal.sqlite"
    private static let connection =
        "host=127.0.0.1 port=5435 user=username password=password dbname=example"

    @Option(help: "sqlite, postgres or memory.")
    var store = StoreOption.sqlite

    @Option(
        help: ArgumentHelp(
            "The file of SQLite, or how to connect to PostgreSQL. (default: \(Self.file); "
                + "\(Self.connection))"))
    var database: String?

    func validate() throws {
        switch store {
        case .memory where database != nil:
            throw ValidationError("--database is of no use with --store memory.")
        case .sqlite where database == "" || database == ":memory:":
            throw ValidationError("--database must be a file. Try --store memory.")
        default: break
        }
    }

    /// Opens the store, and brings it up to date: PostgreSQL with the first request, since it may
    /// come later than this program.
    func open(workers: Int) throws -> OpenStore {
        switch store {
        case .sqlite:
            let store = try SQLiteStore(path: database ?? Self.file)
            return OpenStore(users: store, products: store, close: store.close)
        case .postgres:
            let store = try PostgresStore(
                connection: database ?? Self.connection, workers: workers)
            return OpenStore(users: store, products: store, close: {})
        case .memory:
            let store = MemoryStore()
            return OpenStore(users: store, products: store, close: {})
        }
    }
}

/// A store behind its ports.
struct OpenStore {
    let users: any UserStore
    let products: any ProductStore
    /// Ends what was begun. To be called when nothing is asked of it any more.
    let close: () -> Void
}
