// SPDX-License-Identifier: MIT

internal import CVanillaCompression
public import Vanilla

/// Compresses answers for clients that take it (`Accept-Encoding`), by zstd, Brotli or gzip.
///
/// ```swift
/// let compression = Compression()
/// routes.use(compression.middleware)
/// ```
///
/// An answer is compressed where its media type and its length are among those of the options. It
/// has `Content-Encoding`, `Vary: Accept-Encoding`, and a weak entity tag in place of a strong one,
/// with which conditional requests go on working. A body of up to 8 KiB has its length; a longer
/// one and one in pieces come without. Left as they are: parts (206), answers that have a
/// `Content-Encoding`, those whose `Cache-Control` says `no-transform`, event streams among them,
/// and WebSockets.
///
/// It can be used by any number of servers, and on any thread. Compressing runs on the worker, for
/// as long as ``Options/maximumSize`` allows. Encoders are kept for later answers, up to 16 of each
/// coding.
///
/// An answer that has a secret of the site and what a client sent beside each other gives away the
/// secret by its length (the BREACH attack): leave it as it is
/// (`response.leaveUncompressed()`).
@safe
public final class Compression: ResponseCoding, @unchecked Sendable {
    /// Set once. What it points to is immutable, or behind locks of its own.
    private let compression: OpaquePointer

    /// What is compressed, and how.
    ///
    /// Traps where there is no memory, and where an option is out of its range, with a sentence.
    public init(_ options: Options = Options()) {
        unsafe compression = options.withC { options in
            guard let compression = unsafe vn_compression_open(&options) else {
                fatalError("There is no memory for a Compression.")
            }
            return unsafe compression
        }
    }

    deinit {
        unsafe vn_compression_close(compression)
    }

    package var coding: UnsafeRawPointer {
        unsafe UnsafeRawPointer(vn_compression_coding(compression)!)
    }

    /// Compresses the answers of the handlers behind it: for `routes.use`.
    public var middleware: Routes.Middleware {
        { request, response, next in
            response.compress(with: self)
            try next(request, &response)
        }
    }
}

extension ResponseWriter {
    /// Compresses this answer, where its client takes that and where it is worth it: see
    /// ``Compression``. What was said before for this answer counts no longer.
    public mutating func compress(with compression: Compression) {
        code(with: compression)
    }

    /// Sends this answer as it is, whatever middleware said before.
    public mutating func leaveUncompressed() {
        code(with: nil)
    }
}
