// SPDX-License-Identifier: MIT

extension Server {
    /// How a server talks to the operating system.
    public enum Backend: String, Sendable, CaseIterable, CustomStringConvertible {
        /// io_uring(7) of Linux: the fastest, where the system allows it.
        case ioUring = "io_uring"
        /// epoll(7) of Linux, which is always there.
        case epoll

        /// The name that people and options use.
        public var description: String { rawValue }
    }
}
