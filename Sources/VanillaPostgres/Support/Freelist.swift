// SPDX-License-Identifier: MIT

/// Objects that are used again, so that a query allocates little. The last one that came back is
/// used first, because its memory is in the cache. Only on the worker's thread.
final class Freelist<Member: Waiting> {
    private let members = Line<Member>()
    private var isClosed = false

    /// It keeps as many; what comes back beyond that is released.
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
