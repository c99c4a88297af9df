// SPDX-License-Identifier: MIT

import ArgumentParser
import Vanilla
import VanillaExampleOptions

/// The smallest real server: three routes, the right statuses for everything else.
@main
struct Simple: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simple", abstract: "Serves /, /user and /user/<id>.")

    @OptionGroup var options: ServerOptions

    func run() throws {
        try options.serve { configuration in
            try Server(configuration: configuration, router: .simple())
        }
    }
}
