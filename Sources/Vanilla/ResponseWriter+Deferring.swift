// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Promises an answer for later, from any thread.
    ///
    /// ```swift
    /// let exchange = response.deferAnswer()
    /// render(page) { html in
    ///     exchange.complete { response in response.send(html, contentType: .html) }
    /// }
    /// ```
    ///
    /// An answer that does not come within `deadlines.handler` is 503.
    public mutating func deferAnswer() -> ExchangeHandle {
        unsafe note(vn_response_defer(pointer), "deferAnswer was called")
        return handle
    }

    /// Names this exchange, for a producer or a receiver that is to be resumed from elsewhere.
    public var handle: ExchangeHandle {
        unsafe ExchangeHandle(kernel: vn_response_handle(pointer), core: core)
    }
}
