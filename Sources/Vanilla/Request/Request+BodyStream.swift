// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Request {
    /// The body piece by piece, as it comes, for an asynchronous handler.
    ///
    /// ```swift
    /// routes.post("/upload", body: .streamed) { request, response in
    ///     var count = 0
    ///     for try await piece in request.bodyStream { count += piece.count }
    ///     response.send("\(count) bytes")
    /// }
    /// ```
    ///
    /// The route says ``Request/BodyDelivery/streamed``: without it the body has come whole, up to
    /// `limits.body`, before the handler begins, and is given in pieces all the same. While nobody
    /// asks for a piece, nothing more than 64 KiB is read from the client, which has to wait. It is
    /// asked to send a body that it holds back (100-continue) by the first piece that is asked for.
    ///
    /// A piece is an array of its own, of at least a byte, and may be kept. A second loop goes on
    /// where the first one left. When the loop ends without an error, the body is complete.
    /// ``Request/collectBody(upTo:)`` waits for all of it.
    ///
    /// The loop throws `CancellationError` when the body will not be complete: the client is gone,
    /// sends too slowly (it gets 408), too much (413) or what is no body (400); nobody asked for
    /// the next piece within `deadlines.handler` (503); the server stops; or the task is cancelled
    /// otherwise. It throws ``BodyError`` for a mistake in the program.
    public struct BodyStream {
        private let bodies: AsyncBodies?

        init(_ bodies: AsyncBodies?) {
            self.bodies = bodies
        }
    }

    /// The body piece by piece, as it comes, for an asynchronous handler.
    public var bodyStream: Request.BodyStream {
        unsafe Request.BodyStream(AsyncBodies.of(vn_request_detached(pointer)))
    }
}

extension Request.BodyStream: AsyncSequence, AsyncIteratorProtocol {
    /// A piece of the body.
    public typealias Element = [UInt8]

    /// Itself: there is one place up to which it was read.
    public func makeAsyncIterator() -> Request.BodyStream { self }

    /// The next piece, at least a byte; `nil` at the end.
    ///
    /// - Throws: `CancellationError`, or ``BodyError``.
    nonisolated(nonsending) public func next() async throws -> [UInt8]? {
        guard let bodies else { throw BodyError.notAsynchronous }
        return try await bodies.nextPiece()
    }
}

/// It belongs to its request's worker.
@available(*, unavailable)
extension Request.BodyStream: Sendable {}

extension Request {
    /// Waits for the whole body, which is ``body`` from then on, for an asynchronous handler.
    ///
    /// ```swift
    /// routes.post("/orders", body: .streamed) { request, response in
    ///     guard isAllowed(request) else { throw RequestError(.unauthorized) }
    ///     try await request.collectBody(upTo: 64 * 1024)
    ///     let order = try request.decode(Order.self)
    ///     ...
    /// }
    /// ```
    ///
    /// It is for routes that look at the request before they take its body (the client is asked for
    /// a body that it holds back, 100-continue, only then), or whose limits differ. Where the body
    /// has come whole, because the route does not say ``Request/BodyDelivery/streamed``, only its
    /// size is checked. It may be asked for again.
    ///
    /// - Parameter maximum: The bytes that it may have.
    /// - Returns: The body.
    /// - Throws: ``RequestError`` with the status 413 where it is larger; uncaught, it is the
    ///   answer. `CancellationError` and ``BodyError`` as ``bodyStream``, also where a part was
    ///   taken before.
    @discardableResult
    @_lifetime(copy self)
    nonisolated(nonsending) public func collectBody(upTo maximum: Int) async throws -> Bytes {
        guard let bodies = unsafe AsyncBodies.of(vn_request_detached(pointer)) else {
            throw BodyError.notAsynchronous
        }
        try await bodies.collect(upTo: max(maximum, 0))
        return body
    }
}
