// SPDX-License-Identifier: MIT

import Vanilla

/// The backends that this machine has. Containers often forbid io_uring.
public let backends: [Server.Backend] = Server.Backend.allCases.filter { backend in
    do {
        let server = try Server(configuration: local(backend)) { _, response in response.send("") }
        try server.start()
        server.stop(within: .zero)
        server.wait()
        return true
    } catch {
        return false
    }
}

/// A configuration for one worker on a free port of the loopback interface, which logs to `log`,
/// but not that a handler is slow.
public func local(
    _ backend: Server.Backend? = nil, log: Recorder<String>? = nil
) -> Server.Configuration {
    var configuration = Server.Configuration(address: .host("127.0.0.1", port: 0))
    configuration.backend = backend
    configuration.workers = 1
    configuration.handlesSignals = false
    configuration.slowHandler = nil  // what a busy machine makes slow is no fault of a handler
    configuration.log = { _, message in log?.record(message) }
    return configuration
}

/// A server that is never started, with a handler to push requests through.
public func offline(
    log: Recorder<String>? = nil,
    bodyDelivery: (@Sendable (Request) -> Request.BodyDelivery)? = nil,
    _ handler: @escaping @Sendable (Request, inout ResponseWriter) throws -> Void
) throws -> Server {
    try Server(configuration: local(log: log), bodyDelivery: bodyDelivery, handler: handler)
}

public struct TestFailure: Error, CustomStringConvertible {
    public let description = "as planned"

    public init() {}
}
