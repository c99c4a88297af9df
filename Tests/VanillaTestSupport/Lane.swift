// SPDX-License-Identifier: MIT

import Vanilla
import VanillaTesting
import VanillaTestingTLS

/// A way in which clients of tests reach a server: in process, and over sockets of each backend, in
/// clear and over TLS.
public struct Lane: Sendable, CustomStringConvertible {
    public let mode: TestMode
    public let backend: Server.Backend?

    public static let all =
        [Lane(mode: .inProcess, backend: nil)]
        + backends.map { Lane(mode: .socket, backend: $0) }
        + backends.map { Lane(mode: .tls, backend: $0) }

    public var description: String { backend.map { "\(mode), \($0)" } ?? "\(mode)" }

    public init(mode: TestMode, backend: Server.Backend?) {
        self.mode = mode
        self.backend = backend
    }

    public func server(
        log: Recorder<String>? = nil,
        configure: (inout Server.Configuration) -> Void = { _ in },
        _ build: @escaping @Sendable (inout Routes) -> Void
    ) throws -> Server {
        var configuration = local(backend, log: log)
        configure(&configuration)
        return try Server(configuration: configuration, router: try Router(build))
    }
}

/// The error of the library that `body` throws; `nil` where it throws none.
nonisolated(nonsending) public func testError(
    _ body: nonisolated(nonsending) () async throws -> Void
) async throws -> TestError? {
    do {
        try await body()
        return nil
    } catch let error as TestError {
        return error
    }
}

/// Waits until it is so, for at most as long as a slow machine takes.
nonisolated(nonsending) public func waitUntil(_ isSo: () -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while !isSo() {
        if ContinuousClock.now > end { throw TestFailure() }
        await Task.yield()
    }
}
