// SPDX-License-Identifier: MIT

extension EventError {
    /// The failure of publishing an event, from C's negative result.
    init(publishing result: Int32) {
        switch -result {
        case SystemError.invalidArgument:
            self.init(
                .invalidEvent,
                "An event's id or key has more than \(EventHub.maximumNameCount) bytes.")
        case SystemError.tooLarge: self.init(.eventTooLarge, "An event has more than 16 MiB.")
        default: self.init(usingTopic: result)
        }
    }

    /// The failure of declaring or finding a topic, from C's negative result.
    init(usingTopic result: Int32) {
        switch -result {
        case SystemError.exists:
            self.init(.invalidTopic, "The topic existed before it was declared.")
        case SystemError.noBufferSpace:
            self.init(.tooManyTopics, "The hub has as many topics as it may.")
        default: self.init(.outOfMemory, "There is no memory for a topic.")
        }
    }

    /// The refusal of an option.
    init(_ error: InvalidOption) {
        self.init(.invalidConfiguration, error.message)
    }

    /// The failure of answering with events, from C's negative result: of the response, or of the
    /// topic.
    static func failure(answeringWithEvents result: Int32) -> any Error {
        switch -result {
        case SystemError.alreadyDone:
            ResponseError(
                .alreadyAnswered, "A stream of events began after the answer was sent.")
        case SystemError.otherThread:
            ResponseError(.notOnWorker, "A stream of events began \(ResponseError.elsewhere).")
        case SystemError.tooLarge:
            ResponseError(.headersTooLarge, "The response's headers are larger than 64 KiB.")
        default: EventError(usingTopic: result)
        }
    }
}
