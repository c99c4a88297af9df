// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

/// A way in which clients of tests reach a server: in process, and over sockets of each backend.
struct Lane: Sendable, CustomTestStringConvertible {
    let mode: TestMode
    let backend: Server.Backend?

    static let all =
        [Lane(mode: .inProcess, backend: nil)]
        + backends.map { Lane(mode: .socket, backend: $0) }

    var testDescription: String { backend.map { "\(mode), \($0)" } ?? "\(mode)" }

    func server(_ build: @escaping @Sendable (inout Routes) -> Void) throws -> Server {
        try Server(configuration: local(backend), router: try Router(build))
    }
}

/// The error of the library that `body` throws; `nil` where it throws none.
nonisolated(nonsending) func testError(
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
nonisolated(nonsending) func eventually(_ isSo: () -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while !isSo() {
        if ContinuousClock.now > end { throw TestFailure() }
        await Task.yield()
    }
}
