// SPDX-License-Identifier: MIT

import ArgumentParser
import Vanilla
import VanillaExampleOptions

/// WebSockets: rooms in which everybody reads what everybody writes.
@main
struct Chat: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat", abstract: "Serves a page on which people talk in rooms.")

    @OptionGroup var options: ServerOptions

    func run() throws {
        try options.serve { configuration in try .chat(configuration, hub: EventHub()) }
    }
}
