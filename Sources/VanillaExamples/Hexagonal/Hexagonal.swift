// SPDX-License-Identifier: MIT

import ArgumentParser
import HexagonalApplication
import Vanilla
import VanillaExampleOptions

/// Ports and adapters: users, logins and products, kept in one place or another.
@main
struct Hexagonal: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hexagonal",
        abstract: "Serves users, logins and products in JSON, kept where you say.")

    @OptionGroup var options: ServerOptions

    @OptionGroup var storeOptions: StoreOptions

    @Option(
        help: ArgumentHelp(
            "Logins and registrations that one address may have under way; more where a proxy is before it.",
            valueName: "count"))
    var hashesPerAddress = 8

    func validate() throws {
        if hashesPerAddress < 1 { throw ValidationError("--hashes-per-address must be 1 or more.") }
    }

    func run() throws {
        let store = try storeOptions.open(workers: options.maximumWorkerCount)
        defer { store.close() }
        // Half of them, so that the server keeps the others.
        let hasher = try Argon2Hasher(threads: max(1, processorCount / 2))
        try options.serve { configuration in
            try .hexagonal(
                configuration,
                application: Application(
                    users: store.users, products: store.products, passwords: hasher),
                maximumHashesOfAddress: hashesPerAddress)
        }
    }
}
