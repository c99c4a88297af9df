// SPDX-License-Identifier: MIT

/// What the workers of a pool have in common. On any thread.
final class Shared: Sendable {
    let configuration: PostgresPool.Configuration
    let resolver: Resolver
    /// The same for the connections that listen.
    let listening: (configuration: PostgresPool.Configuration, resolver: Resolver)

    init(_ configuration: PostgresPool.Configuration) throws(PostgresError) {
        try configuration.check()
        self.configuration = configuration
        resolver = try Resolver(configuration.connection)
        guard let connection = configuration.listenConnection else {
            listening = (configuration, resolver)
            return
        }
        var direct = configuration
        direct.connection = connection
        // Nothing is between it and the server, so that settings of the session can be sent.
        direct.preparesStatements = true
        listening = (direct, try Resolver(connection))
    }
}
