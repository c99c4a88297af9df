// SPDX-License-Identifier: MIT

internal import Synchronization
internal import Vanilla

/// How many connections all workers of a pool have together. A worker that has none and may not
/// open one is starved: one that has several gives one up for it. On any thread.
final class ConnectionQuota<Member: QuotaMember>: Sendable {
    private let maximum: Int
    private let size = Atomic(0)
    private let all = Lock<[Member]>([])
    private let starved = Lock<[Member]>([])
    private let starvedCount = Atomic(0)

    init(_ maximum: Int) {
        self.maximum = maximum
    }

    func join(_ member: Member) {
        all.withLock { $0.append(member) }
    }

    var members: [Member] { all.withLock { $0 } }

    /// The pool is gone: its members, which retain this, are no longer retained by it.
    func removeMembers() -> [Member] {
        all.withLock { members in
            defer { members = [] }
            return members
        }
    }
}

/// What has connections at one worker. Called on its worker's thread.
protocol QuotaMember: AnyObject, Sendable {
    var worker: Worker { get }
    /// Gives one up for a starved member, if this one has more.
    func giveOneUp()
    /// Another one gave one up for this one, which was starved.
    func receiveOne()
}

// MARK: - Connections

extension ConnectionQuota {
    /// One more connection, if the process may have one.
    func take() -> Bool {
        var seen = size.load(ordering: .sequentiallyConsistent)
        while seen < maximum {
            let (isTaken, now) = size.weakCompareExchange(
                expected: seen, desired: seen + 1, ordering: .sequentiallyConsistent)
            if isTaken { return true }
            seen = now
        }
        return false
    }

    /// One less; a starved member has it.
    func give() {
        guard let successor = nextStarved() else {
            size.subtract(1, ordering: .sequentiallyConsistent)
            return
        }
        successor.worker.run { successor.receiveOne() }
    }

    /// Whether the process may have one more.
    var hasRoom: Bool { size.load(ordering: .relaxed) < maximum }
}

// MARK: - Members that have none

extension ConnectionQuota {
    var isAnyStarved: Bool { starvedCount.load(ordering: .sequentiallyConsistent) > 0 }

    /// The member waits until another one gives one up; the others are asked.
    func starve(_ member: Member) {
        starved.withLock { members in
            members.append(member)
            starvedCount.store(members.count, ordering: .sequentiallyConsistent)
        }
        for other in members where other !== member {
            other.worker.run { other.giveOneUp() }
        }
    }

    /// It has one, or ends.
    func stopStarving(_ member: Member) {
        starved.withLock { members in
            members.removeAll { $0 === member }
            starvedCount.store(members.count, ordering: .sequentiallyConsistent)
        }
    }

    private func nextStarved() -> Member? {
        guard isAnyStarved else { return nil }
        return starved.withLock { members in
            guard !members.isEmpty else { return nil }
            starvedCount.store(members.count - 1, ordering: .sequentiallyConsistent)
            return members.removeFirst()
        }
    }
}
