// SPDX-License-Identifier: MIT

internal import Vanilla

/// Where the values of a text are, in their order: what a scan leaves, so that the text is checked
/// once and nothing is looked for again. Of an object the names are values, too.
///
/// It is memory of malloc(3), which may be refused: what a client sends must not end the process.
@safe
final class JSONTape {
    struct Entry {
        /// The offset of the value's first byte.
        var start: UInt32
        /// Its bytes.
        var byteCount: UInt32
        /// The values of an array, the members of an object.
        var count: UInt32
        /// The place on the tape of what follows the value and all that is in it.
        var next: UInt32
    }

    private var entries: UnsafeMutablePointer<Entry>?
    private(set) var count = 0
    private var capacity = 0

    deinit {
        if let entries = unsafe entries { unsafe freeMemory(entries) }
    }

    /// - Returns: Whether there was memory for it.
    func append(_ entry: Entry) -> Bool {
        if count == capacity, !grow() { return false }
        // There is room for one more.
        unsafe entries![count] = entry
        count += 1
        return true
    }

    private func grow() -> Bool {
        let larger = max(64, 2 * capacity)
        guard
            let memory = unsafe reallocateMemory(
                entries, count: larger * MemoryLayout<Entry>.stride)
        else { return false }
        unsafe entries = unsafe memory.assumingMemoryBound(to: Entry.self)
        capacity = larger
        return true
    }

    subscript(index: Int) -> Entry {
        @inline(__always)
        get {
            precondition(0..<count ~= index, "There is no such value on the tape.")
            return unsafe entries![index]
        }
        @inline(__always)
        set {
            precondition(0..<count ~= index, "There is no such value on the tape.")
            unsafe entries![index] = newValue
        }
    }
}
