// SPDX-License-Identifier: MIT

/// Objects that are to be used again, so that a query allocates little: the last one that came is the
/// first that goes, as its memory is in the cache. Only on the worker's thread.
final class Freelist<Member: Waiting> {
    private let members = Line<Member>()
    private var isClosed = false

    /// More than these are released.
    private static var limit: Int { 1024 }

    func removeFirst() -> Member? {
        members.removeFirst()
    }

    func add(_ member: Member) {
        if members.count < Self.limit && !isClosed { members.prepend(member) }
    }

    /// Releases the members, which retain their freelist, and takes no more.
    func close() {
        isClosed = true
        members.removeAll()
    }
}
