// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Request {
    /// Where a request came from.
    public struct Peer: Sendable, Hashable {
        /// The address in digits: `127.0.0.1`, `::1`.
        public let address: String
        /// The port.
        public let port: Int
    }

    /// Where the request came from; `nil` over a unix domain socket, in `Server.handle`, and on
    /// another thread than the worker's.
    ///
    /// The operating system is asked each time (getpeername(2)), so a handler that does not want to
    /// know does not pay.
    public var peer: Peer? {
        // The longest address in text, with its NUL: INET6_ADDRSTRLEN.
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 46) { text in
            var port: UInt16 = 0
            // C writes at most the capacity given.
            let count = unsafe vn_request_peer(pointer, text.baseAddress, text.count, &port)
            guard count > 0 else { return nil }
            let bytes = unsafe UnsafeRawBufferPointer(text).prefix(count)
            return unsafe Peer(address: String(decoding: bytes, as: UTF8.self), port: Int(port))
        }
    }
}
