// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Request {
    /// What stands in a request's path where its route has `:parameters` and `*rest`.
    ///
    /// ```swift
    /// routes.get("/teams/:team/users/:id") { request, response in
    ///     let id = try request.parameters.require("id", as: Int.self)
    ///     let team = try request.parameters.require("team")  // a String
    ///     ...
    /// }
    /// ```
    ///
    /// Texts and numbers are decoded, once: a `%2F` is a slash that the client did not mean to end
    /// the segment with. `as: Bytes.self` gives the bytes of the path, percent-encoded as they were
    /// sent, and copies nothing.
    public struct Parameters: ~Escapable {
        private let request: Request

        @_lifetime(copy request)
        init(_ request: Request) {
            self.request = request
        }

        /// The number of the route's parameters, its rest included; 0 where no router was asked.
        public var count: Int {
            guard let match = unsafe request.match, let route = unsafe match.pointee.route else {
                return 0
            }
            return unsafe match.pointee.withTree { tree in tree.parameterCount(of: route) }
        }

        /// The bytes of the parameter called `name`, as they were sent: one whole segment, never
        /// empty; those of a rest may be empty and hold slashes. `nil` where the route has no such
        /// parameter.
        public subscript(_ name: StaticString, as type: Bytes.Type) -> Bytes? {
            @_lifetime(copy self)
            get {
                guard let match = unsafe request.match, let route = unsafe match.pointee.route,
                    let index = unsafe match.pointee.withTree({
                        $0.findParameter(name.bytes, of: route)
                    })
                else { return nil }
                return self[at: index]
            }
        }

        /// The bytes of the parameter of that number; empty where there is none.
        subscript(at index: Int) -> Bytes {
            @_lifetime(copy self)
            get {
                guard index >= 0, index < count, let match = unsafe request.match else {
                    return unsafe request.lend(vn_span())
                }
                // The router has found this range in the path, and one for each parameter.
                let range = unsafe match.pointee.ranges[index]
                let path = unsafe vn_request_path(request.pointer)
                return unsafe request.lend(
                    vn_span(bytes: path.bytes + Int(range.at), count: Int(range.count)))
            }
        }
    }
}

extension Request.Parameters {
    /// The text that the parameter called `name` encodes; what is not UTF-8 in it becomes U+FFFD.
    /// `nil` where the route has no such parameter.
    public subscript(_ name: StaticString) -> String? {
        self[name, as: Bytes.self].map { bytes in
            // A router takes no path with a malformed escape.
            String(decoding: bytes.percentDecodedBytes() ?? [], as: UTF8.self)
        }
    }

    /// The decimal number that the parameter called `name` is; `nil` for anything else, and where
    /// the route has no such parameter.
    public subscript<Number: FixedWidthInteger>(
        _ name: StaticString, as type: Number.Type
    ) -> Number? {
        try? require(name, as: type)
    }

    /// What the parameter called `name`, decoded, spells; `nil` for anything else, and where the
    /// route has no such parameter.
    public subscript<Value: LosslessStringConvertible>(
        _ name: StaticString, as type: Value.Type
    ) -> Value? {
        try? require(name, as: type)
    }

    /// The case that the parameter called `name`, decoded, names; `nil` for anything else, and
    /// where the route has no such parameter.
    @_disfavoredOverload
    public subscript<Value: RawRepresentable<String>>(
        _ name: StaticString, as type: Value.Type
    ) -> Value? {
        try? require(name, as: type)
    }

    /// The bytes of the parameter called `name`, as they were sent. Nothing is copied.
    ///
    /// - Throws: ``RouteError`` of the kind `unknownParameter` where the route has no such
    ///   parameter: a mistake in the program, answered 500 and logged.
    @_lifetime(copy self)
    public func require(_ name: StaticString, as type: Bytes.Type) throws -> Bytes {
        guard let bytes = self[name, as: Bytes.self] else {
            throw RouteError(
                .unknownParameter,
                "The route of this request has no parameter \"\(name)\".")
        }
        return bytes
    }

    /// The decimal number that the parameter called `name` is: digits, after a `-` where the type
    /// has negative numbers.
    ///
    /// - Parameter status: The answer to anything else, and to a number that the type cannot hold;
    ///   404 by default, because nothing has such a path.
    /// - Throws: ``RequestError`` with that status; ``RouteError`` of the kind `unknownParameter`.
    @inlinable
    public func require<Number: FixedWidthInteger>(
        _ name: StaticString, as type: Number.Type, else status: Status = .notFound
    ) throws -> Number {
        let bytes = try require(name, as: Bytes.self)
        if let number = Number(bytes) { return number }
        // A digit may be percent-encoded; it is the same digit.
        if bytes.firstIndex(of: UInt8(ascii: "%")) != nil,
            let decoded = bytes.percentDecodedBytes(), let number = Number(Bytes(decoded.span))
        {
            return number
        }
        throw RequestError(status)
    }

    /// The text that the parameter called `name` encodes: `%20` is a space, `%2F` a slash.
    ///
    /// - Parameter status: The answer to bytes that are not UTF-8; 400 by default.
    /// - Throws: ``RequestError`` with that status; ``RouteError`` of the kind `unknownParameter`.
    public func require(
        _ name: StaticString, as type: String.Type = String.self, else status: Status = .badRequest
    ) throws -> String {
        guard let text = try require(name, as: Bytes.self).percentDecoded() else {
            throw RequestError(status)
        }
        return text
    }

    /// What the parameter called `name`, decoded, spells: a value such as a `Double` or a `Bool`,
    /// or of a type of your own.
    ///
    /// - Parameter status: The answer to anything else; 404 by default, because nothing has such a
    ///   path.
    /// - Throws: ``RequestError`` with that status; ``RouteError`` of the kind `unknownParameter`.
    public func require<Value: LosslessStringConvertible>(
        _ name: StaticString, as type: Value.Type, else status: Status = .notFound
    ) throws -> Value {
        guard let value = Value(try require(name, as: String.self, else: status)) else {
            throw RequestError(status)
        }
        return value
    }

    /// The case that the parameter called `name`, decoded, names. Throws as for other values.
    @_disfavoredOverload
    public func require<Value: RawRepresentable<String>>(
        _ name: StaticString, as type: Value.Type, else status: Status = .notFound
    ) throws -> Value {
        guard let value = Value(rawValue: try require(name, as: String.self, else: status)) else {
            throw RequestError(status)
        }
        return value
    }
}

extension Request {
    /// The parameters of the route that this request takes; none outside of a router.
    public var parameters: Request.Parameters {
        @_lifetime(copy self) get { Request.Parameters(self) }
    }
}
