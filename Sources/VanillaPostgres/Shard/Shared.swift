// SPDX-License-Identifier: MIT

/// What the workers of a pool have in common. On any thread.
final class Shared: Sendable {
    let configuration: PostgresPool.Configuration
    let resolver: Resolver

    init(_ configuration: PostgresPool.Configuration) throws(PostgresError) {
        try configuration.check()
        self.configuration = configuration
        resolver = try Resolver(configuration.connection)
    }
}
