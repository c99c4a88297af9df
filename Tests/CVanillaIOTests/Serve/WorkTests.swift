// SPDX-License-Identifier: MIT
// Tasks, timers, descriptors and calls on a worker, over each ring.

import CVanillaIO.Internals
import CVanillaIOChecks
import Testing

/// The ring without a kernel, and those that this machine has.
private let rings: [Int32] = [VN_RING_AUTO, VN_RING_EPOLL, VN_RING_URING, VN_RING_KQUEUE]
    .filter { $0 == VN_RING_AUTO || canOpen($0) }.map { Int32($0.rawValue) }

private func canOpen(_ kind: vn_ring_backend) -> Bool {
    var slab = vn_slab()
    var ring: UnsafeMutablePointer<vn_ring>?
    var refusal: Int32 = 0
    guard vn_slab_open(&slab, UInt32(MemoryLayout<vn_source>.size), 1) == 0 else { return false }
    defer { vn_slab_close(&slab) }
    guard vn_ring_open(&ring, kind, &slab, &refusal) == 0 else { return false }
    vn_ring_close(ring)
    return true
}

@Suite struct WorkTests {
    @Test func runsTasksInTheirOrder() {
        expectNoProblem(vn_check_tasks())
    }

    @Test(arguments: rings)
    func takesTasksFromOtherThreads(ring: Int32) {
        expectNoProblem(vn_check_posted_tasks(ring))
    }

    @Test(arguments: rings)
    func runsTimersWhenTheyAreDue(ring: Int32) {
        expectNoProblem(vn_check_timers(ring))
    }

    @Test(arguments: 1..<21 as Range<UInt64>)
    func movesTimersAtRandom(seed: UInt64) {
        expectNoProblem(vn_check_timers_at_random(seed))
    }

    @Test func servesRequestsBetweenTimers() {
        expectNoProblem(vn_check_timer_bursts())
    }

    @Test(arguments: rings)
    func watchesDescriptors(ring: Int32) {
        expectNoProblem(vn_check_watches(ring))
    }

    @Test(arguments: rings)
    func endsAWatchThatWasOpenedAtItsEnd(ring: Int32) {
        expectNoProblem(vn_check_watch_at_the_end(ring))
    }

    @Test(arguments: rings)
    func runsStopHooksAtItsEnd(ring: Int32) {
        expectNoProblem(vn_check_stop_hooks(ring))
    }

    @Test(arguments: rings.filter { $0 != VN_RING_AUTO.rawValue })
    func countsWhatAListenerRefuses(ring: Int32) {
        expectNoProblem(vn_check_refusal(ring))
    }

    @Test(arguments: Transport.allCases)
    func answersCallsInTheOrderOfTheirRequests(over transport: Transport) {
        expectNoProblem(vn_check_detached(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func answersACallThatHasNotBegun(over transport: Transport) {
        expectNoProblem(vn_check_detached_before_it_begins(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func tellsACallThatItsTimeIsOver(over transport: Transport) {
        expectNoProblem(vn_check_detached_deadlines(transport.c))
    }

    @Test(arguments: 1..<201 as Range<UInt64>, Transport.allCases)
    func endsEveryCallOnce(seed: UInt64, over transport: Transport) {
        expectNoProblem(vn_check_detached_at_random(transport.c, seed))
    }
}
