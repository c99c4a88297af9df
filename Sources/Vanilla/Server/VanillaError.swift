// SPDX-License-Identifier: MIT

/// What could not be done, and why.
public struct VanillaError: Error, Sendable, Equatable {
    /// What sort of failure it is, to decide what to do about it.
    public let kind: Kind
    /// What failed, in a sentence.
    public let message: String
    /// The operating system's number for it (errno(3)); 0 where it was not the system.
    public let code: Int32

    package init(_ kind: Kind, _ message: String, code: Int32 = 0) {
        self.kind = kind
        self.message = message
        self.code = code
    }
}

extension VanillaError {
    /// Sorts of failure.
    public enum Kind: Sendable {
        /// An option has an impossible value.
        case invalidConfiguration
        /// The host or the path of a socket is no address.
        case invalidAddress
        /// Another program, or another server of this one, listens there.
        case addressInUse
        /// The address belongs to no interface of this machine.
        case addressUnavailable
        /// The user may not listen there.
        case permissionDenied
        /// The backend asked for is not allowed or not known here.
        case backendUnavailable
        /// Memory, descriptors or threads ran out.
        case outOfResources
        /// The server cannot do that now: it runs already, or it has not been started.
        case invalidState
        /// A descriptor cannot be watched.
        case descriptor
        /// The operating system refused in another way: see ``VanillaError/code``.
        case system

        /// A route's path is none, or conflicts with another route's: the message names both.
        case invalidRoute
        /// A handler asked for a parameter that its route does not have.
        case unknownParameter

        /// A field's name is no token, or its value holds CR, LF, NUL or another control byte.
        case invalidField
        /// The field is one that the server writes itself: Connection, Content-Length, Date,
        /// Transfer-Encoding.
        case reservedField
        /// An entity tag has more than 64 bytes, or one that no tag has.
        case invalidETag
        /// The fields of the response are larger than 64 KiB.
        case fieldsTooLarge
        /// A cookie has a part that cookies may not have, or a client would drop it.
        case invalidCookie
        /// A value cannot be written in the format of the answer.
        case invalidContent
        /// The request was answered before.
        case alreadyAnswered
        /// A body is longer than the length declared for it, or a range lies outside the bytes.
        case lengthExceeded

        /// An event's type or id holds CR, LF or NUL, an id or key is too long, or its retry is
        /// less than zero.
        case invalidEvent
        /// An event is larger than may ever wait for a client, or than a hub takes.
        case eventTooLarge
        /// As many bytes wait for the client of a stream of events as may.
        case backlogFull
        /// The stream of events is closed, or its client is gone.
        case streamClosed
        /// A topic's name is too long, or a topic was there before it was declared.
        case invalidTopic
        /// A hub has as many topics as it may.
        case tooManyTopics
    }
}

extension VanillaError: CustomStringConvertible {
    /// What failed, for people.
    public var description: String { message }
}
