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

    @Option(
        help: """
            NAME=MILLISECONDS, as often as needed; a NAME is head, bodyGrace, idle, writeStall, \
            handler, linger or lingerTotal. With --handler swift.
            """)
    var deadline: [DeadlineOption] = []

    @Option(help: "limits.unread, in bytes. With --handler swift.")
    var unread: Int?

    @Option(
        name: .customLong("static"),
        help: "A folder whose files are at /static/. With --handler swift.")
    var folder: String?

    func validate() throws {
        if handler == .c, !deadline.isEmpty || unread != nil || folder != nil {
            throw ValidationError("--deadline, --unread and --static need --handler swift.")
        }
    }

    func run() throws {
        switch handler {
        case .swift:
            try options.serve { configuration in
                var configuration = configuration
                for deadline in deadline { deadline.apply(to: &configuration) }
                configuration.limits.unread = unread
                return try Server.arena(configuration, folder: folder)
            }
        case .c:
            try serveWithC(options)
        }
    }
}
