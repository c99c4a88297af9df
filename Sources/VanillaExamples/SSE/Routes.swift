// SPDX-License-Identifier: MIT

import Vanilla

extension Server {
    /// What this example serves.
    static func notifications(
        _ configuration: Configuration, hub: EventHub
    ) throws -> Server {
        var configuration = configuration
        // A message goes to every subscriber, so it is a short one.
        configuration.limits.body = 64 << 10
        return try Server(configuration: configuration, router: .notifications(hub))
    }
}

extension Router {
    /// The page, the stream and what publishes to it; the stream and the publishing also by the
    /// names that they had later.
    static func notifications(_ hub: EventHub) throws(RouteError) -> Router {
        try Router { routes in
            routes.get("/") { _, response in
                response.send(page, contentType: .html)
            }
            for path in ["/sse", "/events"] {
                routes.get(path) { request, response in
                    try response.subscribe(to: "notifications", in: hub, for: request)
                }
            }
            for path in ["/notification", "/broadcast"] {
                routes.post(path) { request, response in
                    let message =
                        request.body.isEmpty
                        ? "Notification at \(UTC.now)" : String(request.body)
                    try hub.publish(ServerSentEvent(message), to: "notifications")
                    response.send("sent\n")
                }
            }
            routes.get("/metrics") { _, response in
                response.send(hub.statistics.report)
            }
        }
    }
}

extension EventHub.Statistics {
    /// A counter a line.
    fileprivate var report: String {
        """
        events_subscribers \(subscribers)
        events_published \(published)
        events_delivered \(delivered)
        events_replayed \(replayed)
        events_gaps \(gaps)
        events_dropped \(dropped)
        events_disconnected \(disconnected)
        events_longest_lag_milliseconds \(Int(maximumLag / .milliseconds(1)))

        """
    }
}
