// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension FileFolder {
    /// Answers from memory. Returns false, and has done nothing, where the file has to be looked at
    /// first, which may wait for a disk.
    func answerAtOnce(
        _ path: FilePath?, _ request: Request, _ response: inout ResponseWriter
    ) -> Bool {
        guard let path else {
            if options.notFound != nil { return false }
            response.sendError(.notFound)
            return true
        }
        let now = fileClock()
        guard let entry = findFresh(path.text, now) else { return false }
        if case .missing = entry.content {
            return answerMissing(path, request, &response, now)
        }
        return response.send(entry, nil, request)
    }

    private func findFresh(_ path: String?, _ now: UInt64) -> FileEntry? {
        guard let path else { return nil }
        return memory.withLock { memory in memory.findFresh(path, now: now) }
    }

    private func answerMissing(
        _ path: FilePath, _ request: Request, _ response: inout ResponseWriter, _ now: UInt64
    ) -> Bool {
        var page = options.notFound
        if let fallback = options.fallback, !path.hasEnding {
            page = fallback
        } else if page != nil {
            response.status = .notFound
        }
        guard let page else {
            response.sendError(.notFound)
            return true
        }
        guard let entry = findFresh(page, now), case .file = entry.content,
            response.send(entry, nil, request)
        else {
            response.status = .ok
            return false
        }
        return true
    }

    /// Answers after a look at the file, on a thread that may wait.
    func answer(
        _ path: FilePath?, _ request: Request, _ response: inout ResponseWriter
    ) async throws {
        let weights = request.codingWeights
        let found = try await Worker.offload { [self] in try find(path, weights) }
        if case .missing = found.entry.content { return response.sendError(.notFound) }
        if found.status != .ok { response.status = found.status }
        if !response.send(found.entry, found.open, request) {
            // Only where the request has changed meanwhile.
            throw FileError(.unavailable, "A file was found and not opened.")
        }
    }
}

extension Request {
    var codingWeights: vn_coding_weights { unsafe vn_request_codings(pointer) }
}

extension ResponseWriter {
    /// Answers with what was found at a path. Returns false, and has added nothing, where the bytes
    /// are neither kept nor open.
    mutating func send(_ entry: FileEntry, _ open: OpenFile?, _ request: Request) -> Bool {
        guard case .file = entry.content else {
            if case .folder = entry.content { redirectToFolder(request) }
            return true
        }
        var weights = request.codingWeights
        let chosen = unsafe vn_codings_choose(&weights, entry.codings)
        let variant = entry.variant(of: chosen)
        if let variant, variant.bytes == nil, open == nil { return false }
        if entry.codings != 1 << UInt32(VN_CODING_IDENTITY) || variant == nil {
            headers.add(.vary, "Accept-Encoding")
        }
        guard let variant else {
            sendError(.notAcceptable)
            return true
        }
        addHeaders(of: entry, variant.coding)
        // That of these bytes, which may be newer than the file that they stand for.
        let lastModified =
            entry.lastModified == nil
            ? nil : HTTPDate(secondsSince1970: variant.facts.modified / 1_000_000_000)
        if let bytes = variant.bytes {
            sendRanges(
                of: bytes, etag: variant.etag, lastModified: lastModified,
                contentType: entry.contentType)
        } else if let open {
            sendRanges(of: open, variant.etag, lastModified, entry.contentType)
        }
        return true
    }

    private func addHeaders(of entry: FileEntry, _ coding: Int32) {
        if let rule = entry.cacheControl {
            // A page that stands for what is missing is not what its name says.
            if statusInForce == .ok { try? headers.add(.cacheControl, rule) }
        }
        switch Int(coding) {
        case VN_CODING_GZIP: headers.add(.contentEncoding, "gzip")
        case VN_CODING_BROTLI: headers.add(.contentEncoding, "br")
        case VN_CODING_ZSTD: headers.add(.contentEncoding, "zstd")
        default: break
        }
    }

    private mutating func sendRanges(
        of file: OpenFile, _ etag: ETag, _ lastModified: HTTPDate?, _ contentType: ContentType
    ) {
        var facts = file.facts
        let verdict = unsafe withCValidators(etag, lastModified) { validators in
            unsafe contentType.bytes.withCSpan { type in
                unsafe vn_response_send_file(pointer, validators, type, file.take(), &facts)
            }
        }
        if verdict == -SystemError.tooManyOpenFiles {
            unsafe vn_response_reset(pointer)
            refuse(RequestError(.serviceUnavailable, "The server is busy.", retryAfter: 1))
        } else {
            noteRanges(verdict, "send was called")
        }
    }

    /// A folder has a slash at its end, so that links in its index lead into it. The path alone:
    /// with one slash at its beginning it is no other host's (RFC 3986, section 4.2), and a browser
    /// takes a backslash for a slash.
    private mutating func redirectToFolder(_ request: Request) {
        if [UInt8](request.path).last == UInt8(ascii: "/") {
            // A handler's own choice of a folder: one slash more leads nowhere else.
            return sendError(.notFound)
        }
        let slashes: Set<UInt8> = [UInt8(ascii: "/"), UInt8(ascii: "\\")]
        let path = [UInt8](request.path).drop { slashes.contains($0) }
        var location = "/" + percentEncoded(path, keepingEscapes: true) + "/"
        let query = [UInt8](request.queryBytes)
        if !query.isEmpty { location += "?" + String(decoding: query, as: UTF8.self) }
        do {
            try headers.add(.location, location)
            send(status: .movedPermanently)
        } catch {
            sendError(.notFound)
        }
    }
}
