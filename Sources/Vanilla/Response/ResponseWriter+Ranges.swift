// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ResponseWriter {
    /// Answers with bytes, or with those parts of them that the request asks for (RFC 9110, section
    /// 14); 304 when the client has them already.
    ///
    /// ```swift
    /// response.sendRanges(of: film, etag: "2026-11", contentType: "video/mp4")
    /// ```
    ///
    /// A GET with a `Range` gets 206: one part as it is, several as `multipart/byteranges`, in the
    /// order in which it names them. It gets 416 where none of them exists, and the whole where its
    /// `Range` is malformed or names another unit than bytes, more than 16 parts, more bytes than
    /// there are, or more than two pairs that overlap; and where its `If-Range` is not the tag or
    /// the date of these bytes. Set no other status than 200 before, and no `Content-Type`.
    ///
    /// - Parameters:
    ///   - body: The whole representation. What is sent of it is not copied.
    ///   - etag, lastModified: As for ``sendNotModified(ifMatching:lastModified:)``. Without one of
    ///     them a client cannot tell whether two parts belong together.
    ///   - contentType: What the representation is.
    public mutating func sendRanges(
        of body: SharedBytes, etag: ETag?, lastModified: HTTPDate? = nil,
        contentType: ContentType = .bytes
    ) {
        let verdict = unsafe withCValidators(etag, lastModified) { validators in
            unsafe contentType.bytes.withCSpan { type in
                unsafe body.bytes.withCSpan { bytes in
                    unsafe vn_response_send_parts(
                        pointer, validators, type, bytes, SharedBytes.release,
                        body.retainedContext())
                }
            }
        }
        noteRanges(verdict, "sendRanges was called")
    }

    /// Answers with bytes or parts of them, as for `SharedBytes`.
    public mutating func sendRanges(
        of body: [UInt8], etag: ETag?, lastModified: HTTPDate? = nil,
        contentType: ContentType = .bytes
    ) {
        sendRanges(
            of: SharedBytes(body), etag: etag, lastModified: lastModified, contentType: contentType)
    }

    /// Answers with a body of a known length that is written piece by piece, or with those parts of
    /// it that the request asks for, as ``sendRanges(of:etag:lastModified:contentType:)`` does.
    ///
    /// ```swift
    /// response.streamRanges(of: disk.count, etag: disk.tag) { body, range in
    ///     try body.write(disk.bytes(in: range.prefix(body.capacity)))
    ///     return .more
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - length: The bytes of the whole representation.
    ///   - etag, lastModified, contentType: As for
    ///     ``sendRanges(of:etag:lastModified:contentType:)``.
    ///   - producer: Called as that of ``stream(status:contentType:length:producer:)``, with those
    ///     bytes of the representation that come next: it writes some of them, from the first on,
    ///     and not more.
    public mutating func streamRanges(
        of length: Int, etag: ETag?, lastModified: HTTPDate? = nil,
        contentType: ContentType = .bytes,
        producer: @escaping (inout BodyWriter, Range<Int>) throws -> StreamStep
    ) {
        let stream = RangeProducer(produce: producer, core: unsafe core)
        guard length >= 0 else {
            unsafe core.hooks.report(
                .error, "streamRanges was called with the length \(length); answered 500.")
            return sendError(.internalServerError)
        }
        let verdict = unsafe withCValidators(etag, lastModified) { validators in
            unsafe contentType.bytes.withCSpan { type in
                unsafe stream.begin(pointer, validators, type, UInt64(length))
            }
        }
        noteRanges(verdict, "streamRanges was called")
    }

    /// What a function that answers with parts has returned.
    mutating func noteRanges(_ verdict: Int32, _ act: StaticString) {
        switch Int(verdict) {
        case VN_PERFORM: break
        case VN_NOT_MODIFIED: statusInForce = .notModified
        case VN_PRECONDITION_FAILED: statusInForce = .preconditionFailed
        case 416: statusInForce = .rangeNotSatisfiable
        default:
            note(verdict, act)
            if !isAnswered { sendError(.internalServerError) }
        }
    }
}

/// The user's producer while C holds it; used on the worker's thread only.
@safe
private final class RangeProducer {
    private let produce:
        (inout ResponseWriter.BodyWriter, Range<Int>) throws -> ResponseWriter.StreamStep
    private var parts = vn_parts()
    /// Outlives every worker.
    private unowned(unsafe) let core: ServerCore

    init(
        produce:
            @escaping (inout ResponseWriter.BodyWriter, Range<Int>) throws
            -> ResponseWriter.StreamStep,
        core: ServerCore
    ) {
        self.produce = produce
        unsafe self.core = core
    }

    func begin(
        _ response: OpaquePointer, _ validators: UnsafePointer<vn_validators>,
        _ contentType: vn_span, _ length: UInt64
    ) -> Int32 {
        let verdict = unsafe vn_response_select(response, validators, contentType, length, &parts)
        guard verdict == VN_PERFORM else { return verdict }
        let box = unsafe Unmanaged.passRetained(self).toOpaque()
        return unsafe withUnsafePointer(to: parts) { parts in
            unsafe vn_response_stream(
                response, vn_parts_type(parts, contentType), Int64(parts.pointee.length),
                RangeProducer.callback, RangeProducer.release, box)
        }
    }

    private static let callback:
        @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?) -> Int32 =
            { context, stream in
                // C always passes both.
                let (context, stream) = unsafe (context!, stream!)
                return unsafe Unmanaged<RangeProducer>.fromOpaque(context)._withUnsafeGuaranteedRef
                {
                    producer in
                    unsafe producer.next(stream)
                }
            }

    private static let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        guard let context = unsafe context else { return }
        // Balances the retain in `begin`.
        unsafe Unmanaged<RangeProducer>.fromOpaque(context).release()
    }

    private func next(_ stream: OpaquePointer) -> Int32 {
        var extent = vn_extent()
        let found = unsafe vn_parts_next(&parts, stream, &extent)
        guard found == 1 else { return found < 0 ? found : Int32(VN_PRODUCE_DONE) }
        var writer = unsafe ResponseWriter.BodyWriter(lent: stream)
        let range = Int(extent.at)..<Int(extent.at + extent.count)
        let before = unsafe vn_body_left(stream)
        // A producer is called on the thread of its worker.
        unsafe vn_worker_hold(vn_worker_current()!)
        defer { unsafe vn_body_note_held(stream) }
        do {
            let step = try produce(&writer, range)
            let written = before - (unsafe vn_body_left(stream))
            guard written <= UInt64(range.count) else {
                throw ResponseError(
                    .lengthExceeded, "\(written) bytes were written for the range \(range).")
            }
            unsafe vn_parts_advance(&parts, written)
            return step == .done ? Int32(VN_PRODUCE_MORE) : step.c
        } catch {
            unsafe writer.noteError(error, to: core.hooks)
            unsafe core.hooks.report(
                .error, "\(writer.logPrefix)the producer of a body threw: \(error)")
            return -1
        }
    }
}
