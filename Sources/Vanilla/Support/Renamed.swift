// SPDX-License-Identifier: MIT

// The names that headers and queries had before: programs that use them build, and are told the new
// ones.

/// The name of a header.
@available(*, deprecated, renamed: "HeaderName")
public typealias FieldName = HeaderName

extension Request {
    /// The headers.
    @available(*, deprecated, renamed: "headers")
    public var fields: Request.Headers {
        @_lifetime(copy self) get { headers }
    }

    /// The names and values in the query.
    @available(*, deprecated, renamed: "query")
    public var queryItems: Request.QueryItems {
        @_lifetime(copy self) get { query }
    }
}

extension ResponseWriter {
    /// Adds a header.
    @available(*, deprecated, renamed: "headers.add(_:_:)")
    public mutating func addField(_ name: HeaderName, _ value: StaticString) {
        headers.add(name, value)
    }

    /// Adds a header.
    @available(*, deprecated, renamed: "headers.add(_:_:)")
    @_disfavoredOverload
    public mutating func addField<Text: StringProtocol>(_ name: HeaderName, _ value: Text)
        throws(ResponseError)
    {
        try headers.add(name, value)
    }

    /// Adds a header.
    @available(*, deprecated, renamed: "headers.add(_:_:)")
    public mutating func addField(_ name: HeaderName, _ value: Bytes) throws(ResponseError) {
        try headers.add(name, value)
    }
}
