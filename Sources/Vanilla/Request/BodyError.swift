// SPDX-License-Identifier: MIT

/// Why the body of a request cannot be taken in the way that a program asks for: a mistake in the
/// program, answered 500 and logged where it is not caught.
public struct BodyError: Error, Sendable, Equatable {
    /// What sort of failure it is, to decide what to do about it.
    public let kind: Kind
    /// What failed, in a sentence.
    public let message: String
}

extension BodyError {
    /// Sorts of failure. Later versions may have more.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        /// The name of the static member, for people.
        public let description: String

        private init(_ name: String) {
            description = name
        }

        /// The request was answered before its body had come: the rest of it is thrown away.
        public static let alreadyAnswered = Kind("alreadyAnswered")
        /// The body, or a part of it, is taken in another way, or by another task.
        public static let alreadyTaken = Kind("alreadyTaken")
        /// The route has chosen ``Request/BodyDelivery/ignored``.
        public static let ignored = Kind("ignored")
        /// The thread is not the worker's, as in `withTaskExecutorPreference`.
        public static let notOnWorker = Kind("notOnWorker")
        /// The handler has returned, or is not asynchronous.
        public static let notInHandler = Kind("notInHandler")
    }
}

extension BodyError {
    static let taken = BodyError(
        kind: .alreadyTaken, message: "The body, or a part of it, is taken in another way.")
    static let notOnWorker = BodyError(
        kind: .notOnWorker,
        message: "The body was asked for on another thread than its worker's.")
    static let handlerReturned = BodyError(
        kind: .notInHandler, message: "The body was asked for after its handler had returned.")
    static let notAsynchronous = BodyError(
        kind: .notInHandler,
        message: "The body was asked for where no asynchronous handler has the request.")

    /// - Throws: What C's negative result says.
    static func check(_ result: Int32) throws {
        switch -result {
        case SystemError.alreadyDone:
            throw BodyError(
                kind: .alreadyAnswered,
                message: "The request was answered before its body had come.")
        case SystemError.busy: throw taken
        case SystemError.notSupported:
            throw BodyError(kind: .ignored, message: "The route ignores the bodies of requests.")
        case SystemError.otherThread: throw notOnWorker
        case SystemError.cancelled: throw CancellationError()
        default: break
        }
    }
}

extension BodyError: CustomStringConvertible {
    /// What failed, for people.
    public var description: String { message }
}
