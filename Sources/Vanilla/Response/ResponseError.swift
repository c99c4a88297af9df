// SPDX-License-Identifier: MIT

/// Why a response, or a part of one, cannot be what the program asks for.
public struct ResponseError: Error, Sendable, Equatable {
    /// What sort of failure it is, to decide what to do about it.
    public let kind: Kind
    /// What failed, in a sentence.
    public let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

extension ResponseError {
    /// Sorts of failure. Later versions may have more.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        /// The name of the static member, for people.
        public let description: String

        private init(_ name: String) {
            description = name
        }

        /// A header's name is not a token, or its value holds CR, LF, NUL or another control byte.
        public static let invalidHeader = Kind("invalidHeader")
        /// The server writes this header itself: Connection, Content-Length, Date or
        /// Transfer-Encoding.
        public static let reservedHeader = Kind("reservedHeader")
        /// The headers of the response are larger than 64 KiB.
        public static let headersTooLarge = Kind("headersTooLarge")
        /// An entity tag has more than 64 bytes, or a byte that no entity tag may have.
        public static let invalidETag = Kind("invalidETag")
        /// A cookie has a part that cookies may not have, or clients would drop it.
        public static let invalidCookie = Kind("invalidCookie")
        /// A value cannot be written in the format of the response, or its content type is not one.
        public static let invalidContent = Kind("invalidContent")
        /// The request was answered before.
        public static let alreadyAnswered = Kind("alreadyAnswered")
        /// A body is longer than the length declared for it, or a range lies outside the bytes.
        public static let lengthExceeded = Kind("lengthExceeded")
        /// A body was ended before it had the length declared for it.
        public static let incomplete = Kind("incomplete")
        /// A part of a body was written before ``ResponseWriter/begin(status:contentType:length:)``
        /// or after the end.
        public static let notBegun = Kind("notBegun")
        /// A handler that is not asynchronous writes a body part by part.
        public static let notAsynchronous = Kind("notAsynchronous")
        /// The thread is not the worker's: where an asynchronous handler was to begin, or where it
        /// has gone with its response, as in `withTaskExecutorPreference`.
        public static let notOnWorker = Kind("notOnWorker")
        /// Memory ran out.
        public static let outOfMemory = Kind("outOfMemory")
    }
}

extension ResponseError: CustomStringConvertible {
    /// What failed, for people.
    public var description: String { message }
}
