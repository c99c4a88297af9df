// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Request {
    /// What stands in a request's path where its route has `:parameters` and `*rest`.
    ///
    /// ```swift
    /// routes.get("/teams/:team/users/:id") { request, response in
    ///     let id = try request.parameters.require("id", as: Int.self)
    ///     let team = try request.parameters.require("team", as: String.self)
    ///     ...
    /// }
    /// ```
    ///
    /// The bytes are those of the path, percent-encoded as they were sent: a `%2F` in them is a
    /// slash that the client did not mean to end the segment with. `require(_:as:)` decodes them,
    /// once.
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
        public subscript(_ name: StaticString) -> Bytes? {
            @_lifetime(copy self)
            get {
                guard let match = unsafe request.match, let route = unsafe match.pointee.route,
                    let index = unsafe match.pointee.withTree({
                        $0.findParameter(name.bytes, of: route)
                    })
                else { return nil }
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
    /// The bytes of the parameter called `name`, as they were sent.
    ///
    /// - Throws: ``RouteError`` of the kind `unknownParameter` where the route has no such
    ///   parameter: a mistake in the program, answered 500 and logged.
    @_lifetime(copy self)
    public func require(_ name: StaticString) throws -> Bytes {
        guard let bytes = self[name] else {
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
        let bytes = try require(name)
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
        _ name: StaticString, as type: String.Type, else status: Status = .badRequest
    ) throws -> String {
        guard let text = try require(name).percentDecoded() else { throw RequestError(status) }
        return text
    }
}

extension Request {
    /// The parameters of the route that this request takes; none outside of a router.
    public var parameters: Request.Parameters {
        @_lifetime(copy self) get { Request.Parameters(self) }
    }
}
