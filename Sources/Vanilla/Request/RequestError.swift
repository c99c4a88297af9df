// SPDX-License-Identifier: MIT

/// What is wrong with a request, with the status that says so to its client.
///
/// ```swift
/// guard let name = try request.form()["name"] else {
///     throw RequestError(.unprocessableContent, "The name is missing.")
/// }
/// ```
///
/// Thrown by a handler, a middleware, a receiver of a body, or where an answer was deferred, it is
/// the answer: its status, and its message as plain text. Fields that were added before are sent,
/// so that a 401 has its WWW-Authenticate, and nothing is logged, because nothing is wrong with the
/// server. When it is thrown after an answer was given, it is an error like any other.
public struct RequestError: Error, Sendable {
    /// What the request is answered with.
    public let status: Status
    /// What is wrong, in a sentence for the client; empty for an answer without content. The
    /// library's own sentences repeat nothing of the request except names, and of those only
    /// letters, digits and the like.
    public let message: String
    /// After how many seconds the client may ask again, for a Retry-After in the answer.
    public let retryAfter: Int?
    /// The error that told of it, where there was one. It is not sent; of a failure of the server's
    /// own (5xx, except 503) it is logged.
    public let cause: (any Error)?

    /// An error to throw from a handler.
    public init(
        _ status: Status, _ message: String = "", retryAfter: Int? = nil,
        cause: (any Error)? = nil
    ) {
        self.status = status
        self.message = message
        self.retryAfter = retryAfter
        self.cause = cause
    }
}

extension RequestError: CustomStringConvertible {
    /// The status and the message, for people.
    public var description: String { message.isEmpty ? "\(status)" : "\(status): \(message)" }
}
