// SPDX-License-Identifier: MIT

extension Request {
    /// Values that middleware hands on to the handler and to later middleware: one of each type.
    ///
    /// ```swift
    /// struct CurrentUser { let id: Int }
    ///
    /// routes.use { request, response, next in
    ///     request.storage[CurrentUser.self] = try signIn(request)
    ///     try next(request, &response)
    /// }
    /// routes.get("/me") { request, response in
    ///     let user = try request.storage.require(CurrentUser.self)
    ///     response.send("You are \(user.id).")
    /// }
    /// ```
    ///
    /// They belong to this request alone, need not be `Sendable`, and are released when its handler
    /// and the middleware around it have returned. Where an asynchronous handler or middleware
    /// begins, they go with it: synchronous middleware outside of it does not find them afterwards.
    /// Up to eight values that take 64 bytes or less in all cost no allocation.
    public struct Storage: ~Escapable {
        private let request: Request

        @_lifetime(copy request)
        init(_ request: Request) {
            self.request = request
        }
    }

    /// The values that go with this request through the middleware of a ``Router``. Outside of a
    /// router there is nobody to hand them on to: nothing is kept there, and a debug build stops.
    public var storage: Request.Storage {
        @_lifetime(copy self) get { Request.Storage(self) }
    }
}

extension Request.Storage {
    /// The value of this type; `nil` where none was set. Setting `nil` removes it.
    public subscript<Value>(_ type: Value.Type) -> Value? {
        get { unsafe request.match?.pointee.stored.value(of: type) }
        nonmutating set {
            guard let match = unsafe request.match else {
                assertionFailure("A request outside of a router keeps no values.")
                return
            }
            unsafe match.pointee.stored.set(newValue, of: type)
        }
    }

    /// The value of this type, which middleware has set.
    ///
    /// - Throws: ``RouteError`` of the kind `unknownValue` where none was set: a mistake in the
    ///   program, answered 500 and logged.
    public func require<Value>(_ type: Value.Type) throws -> Value {
        guard let value = self[type] else {
            throw RouteError(
                .unknownValue,
                "No middleware of this route has set a value of the type \(type).")
        }
        return value
    }
}
