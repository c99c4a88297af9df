// SPDX-License-Identifier: MIT

/// Why a test of a server has no answer.
public struct TestError: Error, Sendable, Equatable {
    /// What sort of failure it is.
    public let kind: Kind
    /// What failed, in a sentence.
    public let message: String
    /// The operating system's number for it (errno(3)); 0 when the system did not fail.
    public let code: Int32

    package init(_ kind: Kind, _ message: String, code: Int32 = 0) {
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
        /// What the server sent is no HTTP response, more than one, or larger than it may be.
        public static let malformedResponse = Kind(name: "malformedResponse")
        /// The client cannot send that: a target with a space, a field with a line break.
        public static let invalidRequest = Kind(name: "invalidRequest")
        /// What was asked for is something else: a body that is not that JSON, an answer that is no
        /// stream of events.
        public static let unexpectedContent = Kind(name: "unexpectedContent")
        /// Two tasks read one stream or connection at the same time.
        public static let inUse = Kind(name: "inUse")
        /// The test is over, and its server down.
        public static let testIsOver = Kind(name: "testIsOver")
        /// Memory, descriptors or threads ran out.
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
