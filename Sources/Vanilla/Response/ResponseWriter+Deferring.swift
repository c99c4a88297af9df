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
    /// When no answer comes within `deadlines.handler`, the client gets 503.
    ///
    /// - Parameter begin: Called at once, with the promise: keep it, and finish it on any thread.
    /// - Throws: What `begin` throws.
    public mutating func sendLater(_ begin: (ResponseWriter.Completion) throws -> Void) rethrows {
        try begin(sendLater())
    }

    /// Promises an answer for later, from any thread, without a task. See ``sendLater(_:)``.
    public mutating func sendLater() -> ResponseWriter.Completion {
        unsafe note(vn_response_defer(pointer), "sendLater was called")
        return ResponseWriter.Completion(of: handle)
    }

    /// A name of this exchange by which any thread can resume its producer or receiver.
    public var handle: ResponseWriter.Handle {
        unsafe ResponseWriter.Handle(c: vn_response_handle(pointer), core: core)
    }
}
