// SPDX-License-Identifier: MIT

import ArgumentParser
import Vanilla
import VanillaExampleOptions

/// The server of `simple`, whose answers have tags: a client that already has the answer gets 304.
@main
struct ETagExample: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "etag", abstract: "Serves /, /user, /user/<id> with tags, and a page at /demo."
    )

    @OptionGroup var options: ServerOptions

    func run() throws {
        try options.serve { configuration in
            try Server(configuration: configuration, router: .etag())
        }
    }
}
