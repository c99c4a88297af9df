// SPDX-License-Identifier: MIT

extension Request {
    /// The items of a form that was sent as `application/x-www-form-urlencoded`, what HTML forms
    /// and `curl --data` send.
    ///
    /// ```swift
    /// let form = try request.form()
    /// let name = try form.require("name")
    /// ```
    ///
    /// It is seen in ``body``, so the body must have come whole (``Request/BodyDelivery/whole``,
    /// unless you chose otherwise). A handler that collects pieces itself makes
    /// ``Request/QueryItems`` of them.
    ///
    /// - Parameter maximumCount: The number of items that the form may have, with the empty ones
    ///   between two `&`.
    /// - Throws: ``RequestError`` with the status 415 where Content-Type says anything else, or
    ///   nothing, or where there is a Content-Encoding, such as gzip, and 413 where there are more
    ///   items than `maximumCount`. Uncaught, it is the answer.
    @_lifetime(copy self)
    public func form(maximumCount: Int = Request.QueryItems.defaultMaximumCount)
        throws(RequestError)
        -> Request.QueryItems
    {
        guard hasMediaType("application/x-www-form-urlencoded") else {
            throw RequestError(
                .unsupportedMediaType, "The body must be application/x-www-form-urlencoded.")
        }
        try expectNoContentCoding()
        let items = Request.QueryItems(body, maximumCount: maximumCount)
        guard !items.isTruncated else {
            throw RequestError(.contentTooLarge, "The form has more than \(maximumCount) items.")
        }
        return items
    }
}
