// SPDX-License-Identifier: MIT

internal import Synchronization

/// Orders what a worker has written for a task before what the task reads of it on another thread.
///
/// A continuation does that, too. But where it is resumed before its task waits, Swift's runtime
/// does not tell ThreadSanitizer, which then takes the result for a race.
struct Handover: ~Copyable, Sendable {
    private let isGiven = Atomic(false)

    /// The result is there, and the task is resumed next.
    func give() {
        isGiven.store(true, ordering: .releasing)
    }

    /// The task has gone on.
    func take() {
        _ = isGiven.load(ordering: .acquiring)
    }
}
