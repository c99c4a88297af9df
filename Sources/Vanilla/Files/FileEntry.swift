// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// What was found at a path: nothing, a folder, or a file in one coding or several.
final class FileEntry: Sendable {
    enum Content {
        case missing
        /// A folder whose path lacks the slash at its end.
        case folder
        /// By coding, the file as it is first.
        case file([FileVariant])
    }

    let content: Content
    let contentType: ContentType
    let cacheControl: String?
    let lastModified: HTTPDate?
    /// Milliseconds of ``fileClock()``; `nil`: it may have changed since without a sign of it.
    let foundAt: UInt64?
    /// Bytes that are kept of it.
    let byteCount: Int
    /// The codings that there are, by their bits.
    let codings: UInt32

    init(
        _ content: Content, contentType: ContentType = .none, cacheControl: String? = nil,
        lastModified: HTTPDate? = nil, foundAt: UInt64?
    ) {
        self.content = content
        self.contentType = contentType
        self.cacheControl = cacheControl
        self.lastModified = lastModified
        self.foundAt = foundAt
        guard case .file(let variants) = content else {
            (byteCount, codings) = (0, 0)
            return
        }
        byteCount = variants.reduce(0) { $0 + ($1.bytes?.count ?? 0) }
        codings = variants.reduce(UInt32(0)) { $0 | 1 << UInt32($1.coding) }
    }

    /// Whether it is still what is said at this moment: a second is how long a change may be
    /// overlooked.
    func isFresh(_ now: UInt64) -> Bool {
        guard let foundAt else { return false }
        return now < foundAt + 1000
    }

    func variant(of coding: Int32) -> FileVariant? {
        guard case .file(let variants) = content else { return nil }
        return variants.first { $0.coding == coding }
    }
}

/// A file in one coding.
struct FileVariant: Sendable {
    let coding: Int32
    let facts: vn_file_facts
    let etag: ETag
    /// All of it, where it is kept.
    var bytes: SharedBytes?

    /// Whether both are the same state of the same file, as far as the system tells.
    func isSame(as other: vn_file_facts) -> Bool {
        facts.size == other.size && facts.inode == other.inode && facts.device == other.device
            && facts.modified == other.modified && facts.changed == other.changed
    }

    static func tag(of facts: vn_file_facts, coding: Int32) -> ETag {
        ETag(
            hashing:
                "\(facts.inode) \(facts.size) \(facts.modified) \(facts.changed) \(coding)")
    }
}

/// An open file, which is closed with this object unless it was taken.
@safe
final class OpenFile: @unchecked Sendable {
    let facts: vn_file_facts
    /// Used by one thread after the other: the one that opens it, and the worker that sends it.
    private(set) var descriptor: Int32

    init(_ descriptor: Int32, _ facts: vn_file_facts) {
        self.descriptor = descriptor
        self.facts = facts
    }

    deinit {
        if descriptor >= 0 { vn_folder_close(descriptor) }
    }

    /// It is the caller's now.
    func take() -> Int32 {
        defer { descriptor = -1 }
        return descriptor
    }

    var isFolder: Bool { Int(facts.type) == VN_FILE_FOLDER }

    /// All of its bytes, as they were at one moment; `nil` where it changes while it is read.
    func read() throws(FileError) -> SharedBytes? {
        var result: Int64 = 0
        let count = Int(facts.size)
        let bytes = unsafe SharedBytes(count: count) { memory in
            unsafe result = vn_file_read_some(descriptor, memory.baseAddress, count, 0)
        }
        guard result >= 0 else {
            throw FileError(.unavailable, "A file cannot be read.", code: Int32(-result))
        }
        var now = vn_file_facts()
        let looked = unsafe vn_file_look(descriptor, &now)
        let isSame =
            looked == 0 && now.size == facts.size && now.modified == facts.modified
            && (now.changed == facts.changed || now.links != facts.links)
        return isSame && result == count ? bytes : nil
    }
}

/// Milliseconds of a clock that nobody sets.
func fileClock() -> UInt64 { vn_file_clock() }
