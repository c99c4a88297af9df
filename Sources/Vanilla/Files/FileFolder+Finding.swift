// SPDX-License-Identifier: MIT

internal import CVanillaIO

// What may wait for a disk: called on threads that may.

/// What is to be sent.
struct FoundFile: Sendable {
    let entry: FileEntry
    let status: Status
    /// The file of the coding that was asked for, where its bytes are not kept.
    var open: OpenFile?
}

extension FileFolder {
    /// A file up to this size is read whole with the first request for it.
    private static var smallSize: UInt64 { 64 << 10 }
    /// The file systems' clocks may go in steps of this many nanoseconds: what changed so short a
    /// time ago may change again without a sign of it.
    private static var tick: Int64 { 20_000_000 }

    private static var codings: [(coding: Int32, ending: String)] {
        [(VN_CODING_GZIP, ".gz"), (VN_CODING_BROTLI, ".br"), (VN_CODING_ZSTD, ".zst")]
            .map { (Int32($0.0), $0.1) }
    }

    /// Finds what a path names, and what stands for it where it names nothing.
    ///
    /// - Throws: `RequestError`: 403 where it may not be read, 503 where the system is out of
    ///   descriptors or memory; ``FileError``.
    func find(_ path: FilePath?, _ weights: vn_coding_weights) throws -> FoundFile {
        let found = try path.map { try look(at: $0, weights) }
        if let found {
            if case .missing = found.entry.content {} else { return found }
        }
        if let fallback = options.fallback, let path, !path.hasEnding,
            let page = try look(atPage: fallback, .ok, weights)
        {
            return page
        }
        if let notFound = options.notFound,
            let page = try look(atPage: notFound, .notFound, weights)
        {
            return page
        }
        return found ?? FoundFile(entry: FileEntry(.missing, foundAt: nil), status: .notFound)
    }

    private func look(
        atPage page: String, _ status: Status, _ weights: vn_coding_weights
    ) throws -> FoundFile? {
        guard let path = FilePath(page, servesDotFiles: true) else { return nil }
        let found = try look(at: path, weights)
        guard case .file = found.entry.content else { return nil }
        return FoundFile(entry: found.entry, status: status, open: found.open)
    }

    private func look(at path: FilePath, _ weights: vn_coding_weights) throws -> FoundFile {
        // The clock first: what changes from here on is seen a second later.
        let now = fileClock()
        let before = path.text.flatMap { text in memory.withLock { $0.find(text, now: now) } }
        let isAskedForOften = (before?.uses ?? 0) > 1
        let found = try look(at: path, weights, before?.entry, isAskedForOften, now)
        if let text = path.text { memory.withLock { $0.put(found.entry, at: text, now: now) } }
        return found
    }

    private func look(
        at path: FilePath, _ weights: vn_coding_weights, _ before: FileEntry?,
        _ isAskedForOften: Bool, _ now: UInt64
    ) throws -> FoundFile {
        let missing = FoundFile(entry: FileEntry(.missing, foundAt: now), status: .notFound)
        guard let named = try open(path.bytes) else { return missing }
        var (file, bytes) = (named, path.bytes)
        if file.isFolder {
            guard path.namesFolder else {
                return FoundFile(entry: FileEntry(.folder, foundAt: now), status: .ok)
            }
            let index = options.index.map { path.appending($0) }
            if let index, let found = try open(index), !found.isFolder {
                (file, bytes) = (found, index)
            } else if options.listsFolders {
                return try list(file, path, now)
            } else {
                return missing
            }
        } else if path.namesFolder {
            return missing
        }
        return try read(file, bytes, weights, before, isAskedForOften, now)
    }

    /// Reads a file, in the coding that is asked for, where it is to be kept.
    private func read(
        _ file: OpenFile, _ path: [UInt8], _ weights: vn_coding_weights, _ before: FileEntry?,
        _ isAskedForOften: Bool, _ now: UInt64
    ) throws -> FoundFile {
        var files = [(coding: Int32(VN_CODING_IDENTITY), file: file)]
        if options.sendsCompressed { files += try siblings(of: file, path) }
        let available = files.reduce(UInt32(0)) { $0 | 1 << UInt32($1.coding) }
        var weights = weights
        let chosen = unsafe vn_codings_choose(&weights, available)
        var open: OpenFile?
        var variants: [FileVariant] = []
        for (coding, file) in files {
            var variant = FileVariant(
                coding: coding, facts: file.facts,
                etag: FileVariant.tag(of: file.facts, coding: coding))
            if let same = before?.variant(of: coding), before?.foundAt != nil,
                same.isSame(as: file.facts)
            {
                variant.bytes = same.bytes
            }
            if coding == chosen, variant.bytes == nil {
                variant.bytes = isToBeKept(file, isAskedForOften) ? try file.read() : nil
                if variant.bytes == nil { open = file }
            }
            variants.append(variant)
        }
        let changed = files.map { max($0.file.facts.modified, $0.file.facts.changed) }.max() ?? 0
        let isSettled = changed < vn_file_now() - Self.tick || changed > vn_file_now() + Self.tick
        let name = String(decoding: path.dropLast(), as: UTF8.self)
        let entry = FileEntry(
            .file(variants), contentType: options.types.type(of: name),
            cacheControl: options.cacheControl(name),
            lastModified: HTTPDate(secondsSince1970: file.facts.modified / 1_000_000_000),
            foundAt: isSettled ? now : nil)
        return FoundFile(entry: entry, status: .ok, open: open)
    }

    private func isToBeKept(_ file: OpenFile, _ isAskedForOften: Bool) -> Bool {
        let memory = options.memory
        let size = file.facts.size
        return size <= UInt64(max(0, min(memory.maximumFileBytes, memory.maximumBytes)))
            && (size <= Self.smallSize || isAskedForOften)
    }

    /// The same in other codings: what lies beside it and is not older.
    private func siblings(
        of file: OpenFile, _ path: [UInt8]
    ) throws -> [(coding: Int32, file: OpenFile)] {
        var siblings: [(coding: Int32, file: OpenFile)] = []
        for (coding, ending) in Self.codings {
            let found: OpenFile?
            do {
                found = try open(path.dropLast() + Array(ending.utf8) + [0])
            } catch let error as RequestError where error.status == .serviceUnavailable {
                throw error
            } catch {
                found = nil  // one that may not be read is as none
            }
            guard let sibling = found, !sibling.isFolder,
                sibling.facts.modified >= file.facts.modified
            else { continue }
            siblings.append((coding, sibling))
        }
        return siblings
    }

    /// `nil` where there is nothing.
    private func open(_ path: [UInt8]) throws -> OpenFile? {
        var facts = vn_file_facts()
        let opened = unsafe path.withUnsafeBytes { path in
            // It ends with a zero, and so has an address.
            unsafe vn_folder_open_file(
                descriptor, path.baseAddress!.assumingMemoryBound(to: CChar.self),
                !options.followsLinks, &facts)
        }
        if opened >= 0 { return OpenFile(opened, facts) }
        switch -opened {
        case SystemError.notFound, SystemError.notAFolder, SystemError.nameTooLong,
            SystemError.tooManyLinks, SystemError.otherThread:
            return nil
        case SystemError.accessDenied, SystemError.notPermitted:
            throw RequestError(.forbidden)
        case SystemError.tooManyOpenFiles, SystemError.tooManyOpenFilesInSystem,
            SystemError.noMemory, SystemError.again:
            throw RequestError(.serviceUnavailable, "The server is busy.", retryAfter: 1)
        case let code:
            throw FileError(
                .unavailable, "A file of \"\(self.path)\" cannot be opened.", code: code)
        }
    }
}
