// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ServerError {
    /// The failure that C's server has told of.
    init(c error: vn_error) {
        let message = unsafe withUnsafeBytes(of: error.message) { text in
            // C's array of 256 bytes, imported as a tuple; what follows the NUL is not text.
            unsafe String(decoding: text.prefix { byte in byte != 0 }, as: UTF8.self)
        }
        let kind = ServerError.kind(step: Int(error.step), code: error.code)
        self.init(
            kind, kind == .invalidConfiguration ? inSwift(message) : message, code: error.code)
    }

    private static func kind(step: Int, code: Int32) -> Kind {
        switch (step, code) {
        case (VN_FAILED_CONFIG, _): .invalidConfiguration
        case (VN_FAILED_ADDRESS, _): .invalidAddress
        case (VN_FAILED_STATE, _): .invalidState
        case (VN_FAILED_HOOKS, _): .startFailed
        case (VN_FAILED_STOPPED, _): .stopped
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

    /// A start hook threw `cause`.
    init(startHook cause: any Error) {
        self.init(.startFailed, "A start hook has failed: \(cause)", cause: cause)
    }

    /// The refusal of an option.
    init(_ error: InvalidOption) {
        self.init(.invalidConfiguration, error.message)
    }
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
