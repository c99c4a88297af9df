// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Server {
    /// How a server talks to the operating system. Later versions may have more backends.
    public struct Backend: Sendable, Hashable, CaseIterable, LosslessStringConvertible {
        /// The backend's number in C.
        let c: UInt8
        /// The name that people and options use.
        public let description: String

        private init(_ name: String, _ number: Int) {
            description = name
            c = UInt8(number)
        }

        /// The backend of that name; `nil` where there is none.
        public init?(_ description: String) {
            guard let backend = Backend.allCases.first(where: { $0.description == description })
            else { return nil }
            self = backend
        }

        /// The backend of that number in C, which is one of them.
        init(c number: Int32) {
            self = Backend.allCases.first { Int32($0.c) == number } ?? .epoll
        }

        /// io_uring(7) of Linux: the fastest, where the system allows it.
        public static let ioUring = Backend("io_uring", VN_BACKEND_URING)
        /// epoll(7) of Linux, which is always there.
        public static let epoll = Backend("epoll", VN_BACKEND_EPOLL)
        /// kqueue(2) of macOS and FreeBSD, which is always there.
        public static let kqueue = Backend("kqueue", VN_BACKEND_KQUEUE)

        /// All backends, whether this system has and allows them or not. A server does not start
        /// with one that the system has not, and says which systems have it.
        public static let allCases = [ioUring, epoll, kqueue]
    }
}
