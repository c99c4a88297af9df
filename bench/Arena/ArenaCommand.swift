// SPDX-License-Identifier: MIT

import ArgumentParser
import Vanilla
import VanillaExampleOptions

/// The server of the load and conformance runs, written as a user would write it.
@main
struct ArenaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "arena", abstract: "The server that load and conformance runs use.")

    enum HandlerOption: String, ExpressibleByArgument, CaseIterable {
        case swift, c
    }

    @OptionGroup var options: ServerOptions

    @Option(help: "swift, or c for a C callback that serves / alone.")
    var handler = HandlerOption.swift

    func run() throws {
        switch handler {
        case .swift:
            try options.serve { configuration in try Server.arena(configuration) }
        case .c:
            try serveWithC(options)
        }
    }
}
