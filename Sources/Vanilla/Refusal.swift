// SPDX-License-Identifier: MIT

/// Ends a handler with a status, from however deep within it.
///
/// ```swift
/// guard let page = pages[name] else { throw Refusal(.notFound) }
/// ```
///
/// The request is answered with the status and without a body, and nothing is logged: the client
/// asked for what is not to be had, and nothing is wrong with the server. Fields that were added
/// before are sent, so that a 401 has its WWW-Authenticate. Any other error that a handler throws is
/// answered 500 and logged.
public struct Refusal: Error, Sendable, Hashable {
    /// The status of the answer.
    public let status: Status

    /// A refusal with that status.
    public init(_ status: Status) {
        self.status = status
    }
}
