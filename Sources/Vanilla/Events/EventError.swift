// SPDX-License-Identifier: MIT

/// Why an event cannot be sent or published, or a hub cannot be made.
public struct EventError: Error, Sendable, Equatable {
    /// What sort of failure it is, to decide what to do about it.
    public let kind: Kind
    /// What failed, in a sentence.
    public let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

extension EventError {
    /// Sorts of failure. Later versions may have more.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        /// The name of the static member, for people.
        public let description: String

        private init(_ name: String) {
            description = name
        }

        /// An option has an impossible value; the message names the option.
        public static let invalidConfiguration = Kind("invalidConfiguration")
        /// An event's type holds CR, LF or NUL, its id is none that Last-Event-ID can bring back,
        /// its id or key is too long, or its retry is less than zero.
        public static let invalidEvent = Kind("invalidEvent")
        /// An event is larger than what may ever wait for a client, or than a hub takes.
        public static let eventTooLarge = Kind("eventTooLarge")
        /// As many bytes wait for the client of the stream as may.
        public static let backlogFull = Kind("backlogFull")
        /// The stream is closed, or its client is gone.
        public static let streamClosed = Kind("streamClosed")
        /// A topic's name is too long, or the topic existed before it was declared.
        public static let invalidTopic = Kind("invalidTopic")
        /// The hub has as many topics as it may.
        public static let tooManyTopics = Kind("tooManyTopics")
        /// Memory ran out.
        public static let outOfMemory = Kind("outOfMemory")
    }
}

extension EventError: CustomStringConvertible {
    /// What failed, for people.
    public var description: String { message }
}
