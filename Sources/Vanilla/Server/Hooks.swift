// SPDX-License-Identifier: MIT

/// What the user gave a server to call.
final class Hooks: Sendable {
    let makeHandler: @Sendable (Worker) -> Server.Handler
    let bodyDelivery: (@Sendable (Request) -> Request.BodyDelivery)?
    let log: (@Sendable (Server.LogLevel, String) -> Void)?

    init(
        makeHandler: @escaping @Sendable (Worker) -> Server.Handler,
        bodyDelivery: (@Sendable (Request) -> Request.BodyDelivery)?,
        log: (@Sendable (Server.LogLevel, String) -> Void)?
    ) {
        self.makeHandler = makeHandler
        self.bodyDelivery = bodyDelivery
        self.log = log
    }

    /// Tell the user; on any thread.
    func report(_ level: Server.LogLevel, _ message: String) {
        if let log {
            log(level, message)
        } else {
            logByDefault(level, message)
        }
    }
}
