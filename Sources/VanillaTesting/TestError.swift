// SPDX-License-Identifier: MIT

/// Why a test of a running server has no answer.
public struct TestError: Error, Sendable, Equatable {
    /// What sort of failure it is.
    public let kind: Kind
    /// What failed, in a sentence.
    public let message: String
    /// The operating system's number for it (errno(3)); 0 when the system did not fail.
    public let code: Int32

    init(_ kind: Kind, _ message: String, code: Int32 = 0) {
        self.kind = kind
        self.message = message
        self.code = code
    }
}

extension TestError {
    /// Sorts of failure. There may be more of them later.
    public struct Kind: Sendable, Hashable {
        private let name: String

        /// The test took longer than it may.
        public static let deadlineExceeded = Kind(name: "deadlineExceeded")
        /// The server closed the connection before a whole response came.
        public static let connectionClosed = Kind(name: "connectionClosed")
        /// What the server sent is no HTTP response, or more than one.
        public static let malformedResponse = Kind(name: "malformedResponse")
        /// Memory or descriptors ran out.
        public static let outOfResources = Kind(name: "outOfResources")
        /// The operating system refused in another way: see ``TestError/code``.
        public static let system = Kind(name: "system")
    }
}

extension TestError.Kind: CustomStringConvertible {
    /// The name of the kind, as in Swift.
    public var description: String { name }
}

extension TestError: CustomStringConvertible {
    /// What failed, for people.
    public var description: String { message }
}
