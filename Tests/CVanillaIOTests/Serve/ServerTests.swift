// SPDX-License-Identifier: MIT
// The whole core over real sockets, on every backend.

import CVanillaIO
import CVanillaIOChecks
import Testing

private let backends = [UInt8(VN_BACKEND_URING), UInt8(VN_BACKEND_EPOLL)]

/// One after the other: they count threads and send signals to the process.
@Suite(.serialized) struct ServerTests {
    @Test(arguments: backends)
    func leaksNothingInAThousandStartsAndStops(_ backend: UInt8) {
        expectNoProblem(vn_check_cycles(backend, 1000))
    }

    @Test(arguments: backends)
    func acceptsNoMoreThanItsLimit(_ backend: UInt8) {
        expectNoProblem(vn_check_connection_limit(backend))
    }

    @Test(arguments: backends)
    func sharesItsPlacesAmongWorkers(_ backend: UInt8) {
        expectNoProblem(vn_check_shared_places(backend))
    }

    @Test(arguments: backends)
    func servesItsAcceptQueueWhenItStops(_ backend: UInt8) {
        expectNoProblem(vn_check_stop_serves_the_queue(backend))
    }

    @Test(arguments: backends)
    func stopsAtItsHardDeadline(_ backend: UInt8) {
        expectNoProblem(vn_check_stop_deadline(backend))
    }

    @Test(arguments: backends)
    func obeysSignalsAndPutsTheHandlersBack(_ backend: UInt8) {
        expectNoProblem(vn_check_signals(backend))
    }

    @Test(arguments: backends)
    func runsOnTheThreadThatCalls(_ backend: UInt8) {
        expectNoProblem(vn_check_calling_thread(backend))
    }

    @Test(arguments: backends)
    func tellsWhyItDidNotStart(_ backend: UInt8) {
        expectNoProblem(vn_check_start_errors(backend))
    }

    @Test(arguments: backends)
    func runsWhatWasPostedToAWorkerThatCannotOpen(_ backend: UInt8) {
        expectNoProblem(vn_check_start_without_descriptors(backend))
    }

    @Test(arguments: backends)
    func servesAUnixDomainSocket(_ backend: UInt8) {
        expectNoProblem(vn_check_unix_socket(backend))
    }

    @Test(arguments: backends)
    func letsTheClientSeeItsRefusal(_ backend: UInt8) {
        expectNoProblem(vn_check_lingering(backend))
    }

    @Test(arguments: backends)
    func servesOthersBesideAFlood(_ backend: UInt8) {
        expectNoProblem(vn_check_fairness(backend))
    }

    @Test(arguments: backends, [1, 2] as [UInt32])
    func servesSeveralListenersAndCountsEach(_ backend: UInt8, workers: UInt32) {
        expectNoProblem(vn_check_listeners(backend, workers))
    }

    @Test(arguments: backends, [1, 9] as [UInt32])
    func sharesItsPlacesAmongListeners(_ backend: UInt8, places: UInt32) {
        expectNoProblem(vn_check_listeners_share_places(backend, places))
    }

    @Test(arguments: backends, [1, 2] as [UInt32])
    func leavesNothingBoundWhenOneAddressIsInUse(_ backend: UInt8, workers: UInt32) {
        expectNoProblem(vn_check_listener_conflicts(backend, workers))
    }

    @Test(arguments: backends)
    func hasUpToSixteenListeners(_ backend: UInt8) {
        expectNoProblem(vn_check_listener_count(backend))
    }
}
