// SPDX-License-Identifier: MIT

import ArgumentParser
import Vanilla
import VanillaExampleOptions

/// Server-Sent Events: what is posted appears in every page that is open.
@main
struct SSE: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sse", abstract: "Serves a page that shows what is posted to /notification.")

    @OptionGroup var options: ServerOptions

    @Option(help: "The origin whose pages may read the events as well, or *.")
    var allowOrigin: String?

    func run() throws {
        try options.serve { configuration in
            var hubOptions = EventHub.Options()
            hubOptions.stream.allowedOrigin = allowOrigin
            return try .notifications(configuration, hub: EventHub(hubOptions))
        }
    }
}
