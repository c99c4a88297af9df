// SPDX-License-Identifier: MIT

/// What is known of a folder's files: at most so many, with at most so many bytes, and those that
/// nobody asks for any more are forgotten.
struct FileMemory {
    private struct Kept {
        var entry: FileEntry
        var usedAt: UInt64
        /// How often it was asked for since it was found.
        var uses: Int
    }

    private let maximumBytes: Int
    private let maximumFiles: Int
    private let maximumAge: UInt64
    private var kept: [String: Kept] = [:]
    private(set) var bytes = 0
    private var sweptAt: UInt64 = 0

    init(_ options: FileFolder.Options.Memory) {
        maximumBytes = max(0, options.maximumBytes)
        maximumFiles = max(0, options.maximumFiles)
        maximumAge = UInt64(max(0, options.maximumAge)) * 1000
    }

    var count: Int { kept.count }

    /// What was found at a path, however long ago, and how often it was asked for.
    mutating func find(_ path: String, now: UInt64) -> (entry: FileEntry, uses: Int)? {
        guard let index = kept.index(forKey: path) else { return nil }
        kept.values[index].usedAt = now
        kept.values[index].uses += 1
        return (kept.values[index].entry, kept.values[index].uses)
    }

    /// Keeps what was found. Where it is too much, what was not used for longest goes.
    mutating func put(_ entry: FileEntry, at path: String, now: UInt64) {
        let uses = forget(path)
        sweep(now)
        guard maximumFiles > 0, entry.byteCount <= maximumBytes else { return }
        if kept.count >= maximumFiles || bytes + entry.byteCount > maximumBytes {
            makeRoom(for: entry.byteCount)
        }
        kept[path] = Kept(entry: entry, usedAt: now, uses: uses + 1)
        bytes += entry.byteCount
    }

    /// Returns how often it was asked for.
    private mutating func forget(_ path: String) -> Int {
        guard let before = kept.removeValue(forKey: path) else { return 0 }
        bytes -= before.entry.byteCount
        return before.uses
    }

    /// An eighth more than is needed, so that the next ones find room.
    private mutating func makeRoom(for count: Int) {
        let filesToStay = maximumFiles - maximumFiles / 8 - 1
        let bytesToStay = maximumBytes - max(count, maximumBytes / 8)
        for (path, _) in kept.sorted(by: { $0.value.usedAt < $1.value.usedAt }) {
            if kept.count <= filesToStay, bytes <= bytesToStay { return }
            _ = forget(path)
        }
    }

    /// Forgets what is too old, once a second at most.
    private mutating func sweep(_ now: UInt64) {
        guard now >= sweptAt + 1000 else { return }
        sweptAt = now
        for (path, file) in kept where now > file.usedAt + maximumAge { _ = forget(path) }
    }
}
