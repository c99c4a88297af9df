// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Answers with a body that is written piece by piece, as the client takes it.
    ///
    /// ```swift
    /// var left = 1 << 30
    /// response.stream(contentType: .bytes, length: left) { body in
    ///     let count = min(left, zeros.count)
    ///     try body.write(zeros, in: 0..<count)
    ///     left -= count
    ///     return left == 0 ? .done : .more
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - status: The status.
    ///   - contentType: What the body is.
    ///   - length: The body's length; without one it is chunked, and to HTTP/1.0 ends where the
    ///     connection does.
    ///   - producer: Called on the worker's thread whenever there is room, and not at all for HEAD.
    ///     When it throws, the connection is cut, so that the client sees an incomplete body. It is
    ///     released when the exchange is over.
    public mutating func stream(
        status: Status? = nil, contentType: ContentType = .bytes, length: Int? = nil,
        producer: @escaping (inout ResponseWriter.BodyWriter) throws -> ResponseWriter.StreamStep
    ) {
        guard length ?? 0 >= 0 else {
            unsafe core.hooks.report(
                .error, "stream was called with the length \(length ?? 0); answered 500.")
            return sendError(.internalServerError)
        }
        begin(status)
        let box = unsafe Unmanaged.passRetained(Producer(produce: producer, core: core)).toOpaque()
        let result = unsafe contentType.bytes.withCSpan { contentType in
            unsafe vn_response_stream(
                pointer, contentType, Int64(length ?? -1), Producer.callback, Producer.release, box)
        }
        note(result, "stream was called")
    }
}

/// The user's producer while C holds it; used on the worker's thread only.
@safe
private final class Producer {
    private let produce: (inout ResponseWriter.BodyWriter) throws -> ResponseWriter.StreamStep
    /// Outlives every worker.
    private unowned(unsafe) let core: ServerCore

    init(
        produce: @escaping (inout ResponseWriter.BodyWriter) throws -> ResponseWriter.StreamStep,
        core: ServerCore
    ) {
        self.produce = produce
        unsafe self.core = core
    }

    static let callback: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?) -> Int32 = {
        context, stream in
        // C always passes both.
        let (context, stream) = unsafe (context!, stream!)
        return unsafe Unmanaged<Producer>.fromOpaque(context)._withUnsafeGuaranteedRef { producer in
            unsafe producer.next(stream)
        }
    }

    static let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        guard let context = unsafe context else { return }
        // Balances the retain in `stream`.
        unsafe Unmanaged<Producer>.fromOpaque(context).release()
    }

    private func next(_ stream: OpaquePointer) -> Int32 {
        var writer = unsafe ResponseWriter.BodyWriter(lent: stream)
        // A producer is called on the thread of its worker.
        unsafe vn_worker_hold(vn_worker_current()!)
        defer { unsafe vn_body_note_held(stream) }
        do {
            return try produce(&writer).c
        } catch {
            unsafe writer.noteError(error, to: core.hooks)
            unsafe core.hooks.report(
                .error, "\(writer.logPrefix)the producer of a body threw: \(error)")
            return -1
        }
    }
}
