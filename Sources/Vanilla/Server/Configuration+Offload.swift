// SPDX-License-Identifier: MIT

extension Server.Configuration {
    /// The threads of ``Worker/offload(_:)``, which all workers of a server share.
    public struct Offload: Sendable, Equatable {
        /// The number of threads, each with one piece of work: 8 by default. They are started when
        /// there is work for them, and stay as long as the server lives.
        public var maximumThreads = 8
        /// The pieces of work that may wait for a thread: 256 by default. More are refused.
        public var maximumWaiting = 256

        /// Every option at its default.
        public init() {}
    }
}
