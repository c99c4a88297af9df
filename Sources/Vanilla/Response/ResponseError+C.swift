// SPDX-License-Identifier: MIT

extension ResponseError {
    /// The failure of setting a header, from C's negative result.
    @inline(never)
    init(addingHeader name: String, result: Int32) {
        switch -result {
        case SystemError.invalidArgument:
            self.init(
                .invalidHeader,
                "The header \(name) has a name or a value with bytes that no header may have.")
        case SystemError.notPermitted:
            self.init(.reservedHeader, "The header \(name) is written by the server itself.")
        case SystemError.tooLarge:
            self.init(
                .headersTooLarge,
                "The header \(name) makes the response's headers larger than 64 KiB."
            )
        case SystemError.alreadyDone:
            self.init(.alreadyAnswered, "The header \(name) was set after the answer was sent.")
        case SystemError.otherThread:
            self.init(.notOnWorker, "The header \(name) was set \(Self.elsewhere).")
        default:
            self.init(.outOfMemory, "There is no memory for the header \(name).")
        }
    }

    /// The failure of writing a part of a body, from C's negative result.
    @inline(never)
    init(writingBody result: Int32) {
        switch -result {
        case SystemError.tooLarge:
            self.init(.lengthExceeded, "The body is longer than the length declared for it.")
        default:
            self.init(.outOfMemory, "There is no memory for a part of the body.")
        }
    }

    /// The failure of beginning a body that a handler writes, from C's negative result.
    @inline(never)
    init(beginningBody result: Int32) {
        switch -result {
        case SystemError.alreadyDone:
            self.init(.alreadyAnswered, "A body was begun after the request was answered.")
        case SystemError.otherThread:
            self.init(.notOnWorker, "A body was begun \(Self.elsewhere).")
        case SystemError.invalidArgument:
            self.init(.invalidContent, "A body was begun with a content type that is none.")
        default:
            self.init(.outOfMemory, "There is no memory for an answer.")
        }
    }

    /// The failure of writing a part of it.
    @inline(never)
    init(writingPart result: Int32) {
        switch -result {
        case SystemError.alreadyDone:
            self.init(
                .notBegun,
                "A part of a body was written before `begin(status:contentType:length:)`, or after "
                    + "the end.")
        case SystemError.otherThread:
            self.init(.notOnWorker, "A part of a body was written \(Self.elsewhere).")
        case SystemError.notSupported:
            self.init(
                .notAsynchronous, "Only an asynchronous handler writes a body part by part.")
        default:
            self.init(writingBody: result)
        }
    }

    /// The failure of ending it.
    @inline(never)
    init(finishingBody result: Int32) {
        if -result == SystemError.tooLarge {
            self.init(.incomplete, "A body was ended before it had the length declared for it.")
        } else {
            self.init(writingPart: result)
        }
    }

    /// The failure of beginning an asynchronous handler, from C's negative result.
    init(beginningHandler result: Int32) {
        self =
            ResponseError.isAlreadyAnswered(result)
            ? ResponseError(.alreadyAnswered, "The request was answered before its handler began.")
            : ResponseError(.outOfMemory, "There is no memory for an asynchronous handler.")
    }

    /// The failure of making an entity tag.
    static var invalidETag: ResponseError {
        ResponseError(
            .invalidETag,
            "An entity tag is at most \(ETag.maximumCount) bytes without quotes, white space and "
                + "control bytes.")
    }

    /// C's result where the request was answered before.
    static var alreadyAnswered: Int32 { -SystemError.alreadyDone }

    /// Whether C refused because the request was answered before.
    static func isAlreadyAnswered(_ result: Int32) -> Bool { result == alreadyAnswered }

    /// Whether C refused because this is another thread than the worker's.
    static func isElsewhere(_ result: Int32) -> Bool { result == -SystemError.otherThread }

    /// Where that was, as the end of a sentence.
    static var elsewhere: String { "on another thread than its worker's" }
}
