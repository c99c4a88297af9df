// SPDX-License-Identifier: MIT

extension Server {
    /// Pushes raw bytes through scanner, handler and writer, on the calling thread and without a
    /// socket.
    ///
    /// ```swift
    /// let answer = server.handle(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    /// ```
    ///
    /// - Parameter request: One request, several in a row, or broken ones.
    /// - Returns: The exact bytes of the answers; nothing where a hook of ``onStart(_:)`` threw,
    ///   which is logged. The hooks of the start and of the stop run for each call.
    public func handle(_ request: [UInt8]) -> [UInt8] {
        core.handle(request)
    }
}
