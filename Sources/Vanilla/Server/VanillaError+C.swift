// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension VanillaError {
    init(c error: vn_error) {
        let message = unsafe withUnsafeBytes(of: error.message) { text in
            // C's array of 256 bytes, imported as a tuple; what follows the NUL is not text.
            unsafe String(decoding: text.prefix { byte in byte != 0 }, as: UTF8.self)
        }
        let kind = VanillaError.kind(step: Int(error.step), code: error.code)
        self.init(
            kind, kind == .invalidConfiguration ? inSwift(message) : message, code: error.code)
    }

    private static func kind(step: Int, code: Int32) -> Kind {
        switch (step, code) {
        case (VN_FAILED_CONFIG, _): .invalidConfiguration
        case (VN_FAILED_ADDRESS, _): .invalidAddress
        case (VN_FAILED_STATE, _): .invalidState
        case (_, SystemError.noMemory), (_, SystemError.tooManyOpenFiles),
            (_, SystemError.tooManyOpenFilesInSystem), (_, SystemError.noBufferSpace),
            (VN_FAILED_MEMORY, _), (VN_FAILED_THREAD, _):
            .outOfResources
        case (VN_FAILED_BACKEND, _): .backendUnavailable
        case (_, SystemError.addressInUse), (_, SystemError.notASocket): .addressInUse
        case (_, SystemError.addressNotAvailable): .addressUnavailable
        case (_, SystemError.accessDenied), (_, SystemError.notPermitted): .permissionDenied
        default: .system
        }
    }

    /// The failure of adding a field, from C's negative result.
    init(addingField name: String, result: Int32) {
        switch -result {
        case SystemError.invalidArgument:
            self.init(
                .invalidField,
                "The field \(name) has a name or a value with bytes that no field may have.")
        case SystemError.notPermitted:
            self.init(.reservedField, "The field \(name) is written by the server itself.")
        case SystemError.tooLarge:
            self.init(
                .fieldsTooLarge, "The field \(name) makes the response's fields larger than 64 KiB."
            )
        case SystemError.alreadyDone:
            self.init(.alreadyAnswered, "The field \(name) was added after the answer was sent.")
        default:
            self.init(.outOfResources, "There is no memory for the field \(name).", code: -result)
        }
    }

    /// The failure of making a tag.
    static var invalidETag: VanillaError {
        VanillaError(
            .invalidETag,
            "An entity tag is at most \(ETag.maximumCount) bytes without quotes, white space and "
                + "control bytes.")
    }

    /// The failure of writing a part of a body, from C's negative result.
    init(writingBody result: Int32) {
        switch -result {
        case SystemError.tooLarge:
            self.init(.lengthExceeded, "The body is longer than the length declared for it.")
        default:
            self.init(.outOfResources, "There is no memory for a part of the body.", code: -result)
        }
    }

    /// The failure of beginning a stream of events, from C's negative result.
    init(beginningEvents result: Int32) {
        switch -result {
        case SystemError.alreadyDone:
            self.init(.alreadyAnswered, "A stream of events began after the answer was sent.")
        case SystemError.tooLarge:
            self.init(.fieldsTooLarge, "The response's fields are larger than 64 KiB.")
        default: self.init(usingTopic: result)
        }
    }

    /// The failure of publishing an event, from C's negative result.
    init(publishing result: Int32) {
        switch -result {
        case SystemError.invalidArgument:
            self.init(
                .invalidEvent, "An event's id or key has more than \(EventHub.nameMaximum) bytes.")
        case SystemError.tooLarge: self.init(.eventTooLarge, "An event has more than 16 MiB.")
        default: self.init(usingTopic: result)
        }
    }

    /// The failure of declaring or finding a topic, from C's negative result.
    init(usingTopic result: Int32) {
        switch -result {
        case SystemError.exists:
            self.init(.invalidTopic, "The topic was there before it was declared.")
        case SystemError.noBufferSpace:
            self.init(.tooManyTopics, "The hub has as many topics as it may.")
        default: self.init(.outOfResources, "There is no memory for a topic.", code: -result)
        }
    }

    /// C's result where the request was answered before.
    static var alreadyAnswered: Int32 { -SystemError.alreadyDone }

    /// Whether C refused because the request was answered before.
    static func isAlreadyAnswered(_ result: Int32) -> Bool { result == -SystemError.alreadyDone }
}

/// C's message about an option, which begins with its name, with the name that it has in Swift:
/// `limits.field_count` is `limits.fieldCount`.
private func inSwift(_ message: String) -> String {
    let name = message.prefix { $0 != " " }
    let words = name.split(separator: "_")
    let joined = words.dropFirst().map { word in word.prefix(1).uppercased() + word.dropFirst() }
        .joined()
    return (words.first ?? "") + joined + message.dropFirst(name.count)
}
