// SPDX-License-Identifier: MIT

/// Something that waits in a line: in one line at a time, on the worker's thread.
@usableFromInline
class Waiting {
    fileprivate(set) final var next: Waiting?
    fileprivate(set) final unowned(unsafe) var previous: Waiting?
    fileprivate(set) final var isInLine = false
    /// When it began to wait, in nanoseconds of the worker's clock, and in which order it came.
    final var since: Int64 = 0
    final var order: UInt64 = 0
}

/// First come, first served; any member may leave, at the price of two links. It is a class because
/// changing a value in a property of a class would be guarded by calls at run time.
final class Line<Member: Waiting> {
    private var head: Waiting?
    private unowned(unsafe) var tail: Waiting?
    private(set) var count = 0

    deinit {
        removeAll()
    }

    var isEmpty: Bool { head == nil }

    var first: Member? {
        // Only members of this type are added.
        head.map { unsafe unsafeDowncast($0, to: Member.self) }
    }

    func append(_ member: Member) {
        precondition(!member.isInLine, "A member waits in one line at a time.")
        unsafe member.previous = unsafe tail
        if let last = unsafe tail { last.next = member } else { head = member }
        unsafe tail = member
        member.isInLine = true
        count += 1
    }

    func prepend(_ member: Member) {
        precondition(!member.isInLine, "A member waits in one line at a time.")
        member.next = head
        if let first = head { unsafe first.previous = member } else { unsafe tail = member }
        head = member
        member.isInLine = true
        count += 1
    }

    func remove(_ member: Member) {
        guard member.isInLine else { return }
        let (next, previous) = unsafe (member.next, member.previous)
        if let previous { previous.next = next } else { head = next }
        if let next { unsafe next.previous = previous } else { unsafe tail = previous }
        member.next = nil
        unsafe member.previous = nil
        member.isInLine = false
        count -= 1
    }

    /// One after the other, because each retains the next.
    func removeAll() {
        while removeFirst() != nil {}
    }

    func removeFirst() -> Member? {
        guard let first else { return nil }
        remove(first)
        return first
    }
}
