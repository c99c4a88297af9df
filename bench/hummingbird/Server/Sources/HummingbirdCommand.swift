// SPDX-License-Identifier: MIT

import ArgumentParser
import Hummingbird
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The server that the benchmark of asynchronous handlers measures beside the arena, written as a
/// user of Hummingbird would write it.
///
/// Its event loops are as many as it is told. Swift's own pool, where the handlers run, has a
/// thread for each CPU that the process may use, so one pinned to a CPU has one.
@main
struct HummingbirdCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "HummingbirdServer",
        abstract: "The Hummingbird server that the arena is measured beside.")

    /// Connections that wait to be accepted, as many as the arena lets wait. Hummingbird's 256
    /// would refuse some of thousands that come at once.
    private static let backlog = 4096

    @Option(help: "The port on 127.0.0.1, 0 for any free one.")
    var port = 3000

    @Option(help: "The number of event loops, each a thread.")
    var workers = System.coreCount

    func validate() throws {
        guard 0...65_535 ~= port else {
            throw ValidationError("--port is \(port), but must be 0 to 65535.")
        }
        guard 1...1024 ~= workers else {
            throw ValidationError("--workers is \(workers), but must be 1 to 1024.")
        }
    }

    func run() async throws {
        let application = Application(
            router: Router.likeArena(),
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: port), backlog: Self.backlog),
            onServerRunning: { channel in announce(port: channel.localAddress?.port ?? port) },
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: workers)))
        try await application.runService()
    }

    /// Says that connections are accepted, on one line of standard output as the arena's.
    private func announce(port: Int) {
        let shown = workers == 1 ? "1 worker" : "\(workers) workers"
        print("listening on http://127.0.0.1:\(port) (nio, \(shown))")
        fflush(nil)
    }
}
