// SPDX-License-Identifier: MIT

extension ResponseWriter {
    /// Answers with a file of a folder, or with what the request asks for of it: a part, another
    /// coding, nothing where the client has it already.
    ///
    /// ```swift
    /// try response.send(file: "report.pdf", from: reports, for: request)
    /// ```
    ///
    /// From memory at once, or after a look at the file on a thread that may wait for a disk, while
    /// the worker goes on: then the answer comes later. Headers that were added before stay; a
    /// Content-Type is that of the file's name.
    ///
    /// - Parameters:
    ///   - path: The path in the folder, not percent-encoded. What leads elsewhere, by `..` or a
    ///     link, is answered 404 as what is not there.
    ///   - folder: Where it lies, and how it is served.
    ///   - request: The request that is answered.
    /// - Throws: ``ResponseError`` of the kind `alreadyAnswered`, `outOfMemory` or `notOnWorker`.
    public mutating func send(
        file path: String, from folder: FileFolder, for request: Request
    ) throws {
        let file = FilePath(path, servesDotFiles: folder.options.servesDotFiles)
        if folder.answerAtOnce(file, request, &self) { return }
        try run(for: request) { request, response in
            let file = FilePath(path, servesDotFiles: folder.options.servesDotFiles)
            try await folder.answer(file, request, &response)
        }
    }

    /// Answers with a file of a folder, in an asynchronous handler: the file has been looked at,
    /// and its answer has begun, when this returns.
    ///
    /// - Parameters: As for the function that does not wait.
    /// - Throws: ``RequestError`` 403 where the file may not be read, 503 where the system has no
    ///   descriptor or too many look at files; ``FileError``.
    public mutating func send(
        file path: String, from folder: FileFolder, for request: Request
    ) async throws {
        let file = FilePath(path, servesDotFiles: folder.options.servesDotFiles)
        if folder.answerAtOnce(file, request, &self) { return }
        try await folder.answer(file, request, &self)
    }
}
