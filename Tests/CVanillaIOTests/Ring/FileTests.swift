// SPDX-License-Identifier: MIT
// Files below a folder, and reads on a ring.

import CVanillaIO.Internals
import CVanillaIOChecks
import Testing

@Suite struct FileTests {
    @Test func reachesNothingOutsideOfAFolder() {
        expectNoProblem(vn_check_paths_beneath())
    }

    @Test func reachesNothingOutsideOfAFolderThatIsSwapped() {
        expectNoProblem(vn_check_paths_beneath_while_swapped())
    }

    @Test(arguments: backends)
    func readsAFile(backend: Int32) {
        expectNoProblem(vn_check_reads(backend))
    }

    @Test(arguments: backends)
    func endsWhenItsReadIsOver(backend: Int32) {
        expectNoProblem(vn_check_read_ends(backend))
    }
}

private let backends = [
    (VN_CHECK_URING, VN_RING_URING), (VN_CHECK_EPOLL, VN_RING_EPOLL),
    (VN_CHECK_KQUEUE, VN_RING_KQUEUE),
].filter { vn_ring_is_available(Int32($0.0)) }.map { Int32($0.1.rawValue) }
