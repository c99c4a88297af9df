// SPDX-License-Identifier: MIT

/// What the user gave a server to call.
final class Hooks: Sendable {
    let makeHandler: @Sendable (Worker) -> Server.Handler
    let bodyDelivery: (@Sendable (Request) -> Request.BodyDelivery)?
    let log: (@Sendable (Server.LogLevel, String) -> Void)?
    let onExchangeEnd: (@Sendable (Server.EndedExchange) -> Void)?
    let onRefusal: (@Sendable (Server.Refusal, inout ResponseWriter) -> Void)?
    /// Those of a start and of a stop, in the order in which they were added.
    let life = Lock<[LifeHook]>([])

    init(
        makeHandler: @escaping @Sendable (Worker) -> Server.Handler,
        bodyDelivery: (@Sendable (Request) -> Request.BodyDelivery)?,
        configuration: Server.Configuration
    ) {
        self.makeHandler = makeHandler
        self.bodyDelivery = bodyDelivery
        log = configuration.log
        onExchangeEnd = configuration.onExchangeEnd
        onRefusal = configuration.onRefusal
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
