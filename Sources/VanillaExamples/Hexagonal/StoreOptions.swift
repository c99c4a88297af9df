// SPDX-License-Identifier: MIT

import ArgumentParser
import HexagonalApplication

/// Where things can be kept, as it is named on a command line.
enum StoreOption: String, ExpressibleByArgument, CaseIterable {
    case sqlite
    case memory
}

/// Where things are kept.
struct StoreOptions: ParsableArguments {
    @Option(help: "sqlite or memory.")
    var store = StoreOption.sqlite

    @Option(
        help: "The file of SQLite, which is made where there is none. (default: hexagonal.sqlite)")
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

    /// Opens the store, and brings it up to date.
    func open() throws -> OpenStore {
        switch store {
        case .sqlite:
            let store = try SQLiteStore(path: database ?? "hexagonal.sqlite")
            return OpenStore(users: store, products: store, close: store.close)
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
