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

        /// io_uring(7) of Linux: the fastest, where the system allows it.
        public static let ioUring = Backend("io_uring", VN_BACKEND_URING)
        /// epoll(7) of Linux, which is always there.
        public static let epoll = Backend("epoll", VN_BACKEND_EPOLL)

        /// All backends, whether this system allows them or not.
        public static let allCases = [ioUring, epoll]
    }
}
