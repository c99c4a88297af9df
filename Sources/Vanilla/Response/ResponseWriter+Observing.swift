// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// What log lines begin with: method, path and route, as far as they are known.
    var logPrefix: String {
        unsafe withDescription { text, count in
            unsafe vn_response_describe(pointer, text, count)
        }
    }

    /// Tells the hook for the end of the exchange, where there is one, what was thrown.
    func noteError(_ error: any Error) {
        guard let box = unsafe core.hooks.boxed(error) else { return }
        unsafe vn_response_note_error(pointer, box, NotedError.release)
    }
}

extension ResponseWriter.BodyWriter {
    /// As that of the response.
    var logPrefix: String {
        unsafe withDescription { text, count in unsafe vn_body_describe(pointer, text, count) }
    }

    /// As that of the response.
    func noteError(_ error: any Error, to hooks: Hooks) {
        guard let box = unsafe hooks.boxed(error) else { return }
        unsafe vn_body_note_error(pointer, box, NotedError.release)
    }
}

extension Hooks {
    /// An error as C keeps it, which then owns it; `nil` where nobody is told.
    fileprivate func boxed(_ error: any Error) -> UnsafeMutableRawPointer? {
        if onExchangeEnd == nil { return nil }
        return unsafe Unmanaged.passRetained(NotedError(error)).toOpaque()
    }
}

/// The bytes that a description may have, its NUL included.
private let maximumDescriptionCount = 400

private func withDescription(
    _ describe: (UnsafeMutablePointer<CChar>, Int) -> Int
) -> String {
    unsafe withUnsafeTemporaryAllocation(
        of: CChar.self, capacity: maximumDescriptionCount
    ) { text in
        // It has room; C writes at most so much.
        let count = unsafe describe(text.baseAddress!, text.count)
        if count == 0 { return "" }
        let bytes = unsafe UnsafeRawBufferPointer(text).prefix(count)
        return unsafe String(decoding: bytes, as: UTF8.self) + ": "
    }
}
