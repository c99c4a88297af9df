// SPDX-License-Identifier: MIT

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// What the user gave a server to call.
final class Hooks: Sendable {
    let makeHandler: @Sendable (Worker) -> Server.Handler
    let bodyDelivery: (@Sendable (Request) -> BodyDelivery)?
    let log: (@Sendable (LogLevel, String) -> Void)?

    init(
        makeHandler: @escaping @Sendable (Worker) -> Server.Handler,
        bodyDelivery: (@Sendable (Request) -> BodyDelivery)?,
        log: (@Sendable (LogLevel, String) -> Void)?
    ) {
        self.makeHandler = makeHandler
        self.bodyDelivery = bodyDelivery
        self.log = log
    }

    /// Tell the user; on any thread.
    func report(_ level: LogLevel, _ message: String) {
        if let log {
            log(level, message)
        } else {
            writeToStandardError("vanilla: \(message)\n")
        }
    }
}

private func writeToStandardError(_ line: String) {
    let bytes = Array(line.utf8)
    // One write a line, so that the lines of several workers do not mix. There is nobody to tell of
    // a failure.
    _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
}
