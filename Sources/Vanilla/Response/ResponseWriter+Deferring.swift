// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Promises an answer for later, from any thread, without a task.
    ///
    /// ```swift
    /// response.sendLater { completion in
    ///     render(page) { html in
    ///         completion.finish { response in response.send(html, contentType: .html) }
    ///     }
    /// }
    /// ```
    ///
    /// An answer that does not come within `deadlines.handler` is 503.
    ///
    /// - Parameter begin: Called now, with what the answer is given by.
    /// - Throws: What `begin` throws.
    public mutating func sendLater(_ begin: (ResponseWriter.Completion) throws -> Void) rethrows {
        try begin(sendLater())
    }

    /// Promises an answer for later, from any thread, without a task. See ``sendLater(_:)``.
    public mutating func sendLater() -> ResponseWriter.Completion {
        unsafe note(vn_response_defer(pointer), "sendLater was called")
        return ResponseWriter.Completion(of: handle)
    }

    /// Names this exchange, for a producer or a receiver that is to be resumed from elsewhere.
    public var handle: ResponseWriter.Handle {
        unsafe ResponseWriter.Handle(c: vn_response_handle(pointer), core: core)
    }
}
