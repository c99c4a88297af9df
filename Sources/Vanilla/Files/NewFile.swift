// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// A file that is being written, on threads that may wait for a disk. It goes with this object
/// unless it is kept.
@safe
final class NewFile: @unchecked Sendable {
    private let path: String
    private let descriptor: Int32
    /// Set by the task that writes, when all is written.
    private var isKept = false

    /// Makes a file, which must not be there.
    private init(_ path: String) throws(FileError) {
        // The text ends with a zero, for the length of the call.
        let descriptor = unsafe path.withCString { path in unsafe vn_file_create(path) }
        guard descriptor >= 0 else {
            throw FileError(
                .unavailable, "The file \"\(path)\" cannot be made.", code: -descriptor)
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        // The name goes at once, and the bytes with the last descriptor, which may take a while.
        if !isKept { unsafe path.withCString { path in unsafe vn_file_remove(path) } }
        let descriptor = descriptor
        OffloadPool.shared.addOrDo { vn_folder_close(descriptor) }
    }

    nonisolated(nonsending) static func make(_ path: String) async throws -> NewFile {
        try await Worker.offload { try NewFile(path) }
    }

    nonisolated(nonsending) func write(_ bytes: [UInt8]) async throws {
        try await Worker.offload { [self] in
            let result = unsafe bytes.withUnsafeBufferPointer { bytes in
                unsafe vn_file_write(descriptor, bytes.baseAddress, bytes.count)
            }
            guard result >= 0 else {
                throw FileError(
                    .unavailable, "The file \"\(path)\" cannot be written.", code: -result)
            }
        }
    }

    func keep() {
        isKept = true
    }
}

extension Request {
    /// Writes the body to a new file as it comes, for an asynchronous handler; no more than a piece
    /// of it is in memory.
    ///
    /// ```swift
    /// routes.put("/backups/:name", body: .streamed) { request, response in
    ///     let count = try await request.saveBody(to: newPath(), upTo: 1 << 30)
    ///     response.send("\(count) bytes", status: .created)
    /// }
    /// ```
    ///
    /// The file is written on threads that may wait for a disk. It may be read and written by its
    /// owner alone (mode 0600). Where the body does not come whole, because the client breaks off
    /// or sends too much, it is removed.
    ///
    /// - Parameters:
    ///   - path: Where there is no file yet. Never what a client says.
    ///   - maximum: The bytes that the body may have.
    /// - Returns: The bytes that were written.
    /// - Throws: ``RequestError`` 413 where there are more; ``FileError`` where the file is there,
    ///   or the disk is full; as ``bodyStream`` and `Worker.offload`.
    @discardableResult
    nonisolated(nonsending) public func saveBody(
        to path: String, upTo maximum: Int
    ) async throws -> Int {
        let tooLarge = RequestError(
            .contentTooLarge, "The body has more than \(maximum) bytes.")
        if contentLength ?? 0 > UInt64(max(maximum, 0)) { throw tooLarge }
        let pieces = bodyStream
        let file = try await NewFile.make(path)
        var count = 0
        while let piece = try await pieces.next() {
            count += piece.count
            if count > maximum { throw tooLarge }
            try await file.write(piece)
        }
        file.keep()
        return count
    }
}

extension FormPart {
    /// Writes the part to a new file, as ``Request/saveBody(to:upTo:)`` does.
    ///
    /// - Returns: The bytes that were written.
    /// - Throws: As that function, and as ``FormReader/next()``.
    @discardableResult
    nonisolated(nonsending) public func save(
        to path: String, upTo maximum: Int
    ) async throws -> Int {
        let file = try await NewFile.make(path)
        var count = 0
        let pieces = makeAsyncIterator()
        while let piece = try await pieces.next() {
            count += piece.count
            guard count <= maximum else {
                throw RequestError(
                    .contentTooLarge, "A part of the form has more than \(maximum) bytes.")
            }
            try await file.write(piece)
        }
        file.keep()
        return count
    }
}
