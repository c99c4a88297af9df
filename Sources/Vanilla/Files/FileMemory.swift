// SPDX-License-Identifier: MIT

/// What is known of a folder's files: at most so many, with at most so many bytes, and those that
/// nobody asks for any more are forgotten.
struct FileMemory {
    /// A path by its bytes: texts that are equal to Unicode name different files.
    private struct Key: Hashable {
        let path: String

        static func == (one: Key, other: Key) -> Bool {
            one.path.utf8.elementsEqual(other.path.utf8)
        }

        func hash(into hasher: inout Hasher) {
            var path = path
            path.withUTF8 { path in
                unsafe hasher.combine(bytes: UnsafeRawBufferPointer(path))
            }
        }
    }

    private struct Kept {
        var entry: FileEntry
        var usedAt: UInt64
        /// How often it was asked for since it was found.
        var uses: Int
        /// Somebody looks at it again already.
        var isLookedAt = false
    }

    /// Milliseconds before an entry is too old in which one of those who ask looks again, while the
    /// others go on with what is there.
    private static let ahead: UInt64 = 200

    private let maximumBytes: Int
    private let maximumFiles: Int
    private let maximumAge: UInt64
    private var kept: [Key: Kept] = [:]
    private(set) var bytes = 0
    private var sweptAt: UInt64 = 0

    init(_ options: FileFolder.Options.Memory) {
        maximumBytes = max(0, options.maximumBytes)
        maximumFiles = max(0, options.maximumFiles)
        maximumAge = UInt64(max(0, options.maximumAge)) * 1000
    }

    var count: Int { kept.count }

    /// What holds still. One of those who ask gets nothing shortly before that ends, and looks.
    mutating func findFresh(_ path: String, now: UInt64) -> FileEntry? {
        guard let index = kept.index(forKey: Key(path: path)) else { return nil }
        kept.values[index].usedAt = now
        kept.values[index].uses += 1
        let found = kept.values[index]
        guard found.entry.isFresh(now) else { return nil }
        if !found.isLookedAt, !found.entry.isFresh(now + Self.ahead) {
            kept.values[index].isLookedAt = true
            return nil
        }
        return found.entry
    }

    /// What was found at a path, however long ago, and how often it was asked for.
    mutating func find(_ path: String, now: UInt64) -> (entry: FileEntry, uses: Int)? {
        guard let index = kept.index(forKey: Key(path: path)) else { return nil }
        kept.values[index].usedAt = now
        kept.values[index].uses += 1
        return (kept.values[index].entry, kept.values[index].uses)
    }

    /// Keeps what was found. Where it is too much, what was not used for longest goes.
    mutating func put(_ entry: FileEntry, at path: String, now: UInt64) {
        let key = Key(path: path)
        let uses = forget(key)
        sweep(now)
        guard maximumFiles > 0, entry.byteCount <= maximumBytes else { return }
        if kept.count >= maximumFiles || bytes + entry.byteCount > maximumBytes {
            makeRoom(for: entry.byteCount)
        }
        kept[key] = Kept(entry: entry, usedAt: now, uses: uses + 1)
        bytes += entry.byteCount
    }

    /// Returns how often it was asked for.
    private mutating func forget(_ key: Key) -> Int {
        guard let before = kept.removeValue(forKey: key) else { return 0 }
        bytes -= before.entry.byteCount
        return before.uses
    }

    /// An eighth more than is needed, so that the next ones find room.
    private mutating func makeRoom(for count: Int) {
        let filesToStay = maximumFiles - maximumFiles / 8 - 1
        let bytesToStay = maximumBytes - max(count, maximumBytes / 8)
        for (key, _) in kept.sorted(by: { $0.value.usedAt < $1.value.usedAt }) {
            if kept.count <= filesToStay, bytes <= bytesToStay { return }
            _ = forget(key)
        }
    }

    /// Forgets what is too old, once a second at most.
    private mutating func sweep(_ now: UInt64) {
        guard now >= sweptAt + 1000 else { return }
        sweptAt = now
        for (key, file) in kept where now > file.usedAt + maximumAge { _ = forget(key) }
    }
}
