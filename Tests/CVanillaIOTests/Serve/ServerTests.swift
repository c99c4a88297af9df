// SPDX-License-Identifier: MIT
// The whole core over real sockets, on every backend.

import CVanillaIO
import CVanillaIOChecks
import Testing
import VanillaTestSupport

/// One after the other: they count threads and send signals to the process.
@Suite(.serialized) struct ServerTests {
    @Test(arguments: realBackends)
    func leaksNothingInAThousandStartsAndStops(_ backend: UInt8) {
        expectNoProblem(vn_check_cycles(backend, 1000))
    }

    /// A thousand by `scripts/test --long`: each has a key to make, and a handshake.
    @Test(arguments: realBackends)
    func leaksNothingInStartsAndStopsOverTLS(_ backend: UInt8) {
        let cycles: UInt32 = isLong ? 1000 : 100
        expectNoProblem(vn_check_tls_cycles(backend, cycles, 256 << 10))
    }

    @Test(arguments: realBackends)
    func acceptsNoMoreThanItsLimit(_ backend: UInt8) {
        expectNoProblem(vn_check_connection_limit(backend))
    }

    @Test(arguments: realBackends)
    func sharesItsPlacesAmongWorkers(_ backend: UInt8) {
        expectNoProblem(vn_check_shared_places(backend))
    }

    @Test(arguments: realBackends)
    func servesItsAcceptQueueWhenItStops(_ backend: UInt8) {
        expectNoProblem(vn_check_stop_serves_the_queue(backend))
    }

    @Test(arguments: realBackends)
    func stopsAtItsHardDeadline(_ backend: UInt8) {
        expectNoProblem(vn_check_stop_deadline(backend))
    }

    @Test(arguments: realBackends)
    func obeysSignalsAndPutsTheHandlersBack(_ backend: UInt8) {
        expectNoProblem(vn_check_signals(backend))
    }

    @Test(arguments: realBackends)
    func runsOnTheThreadThatCalls(_ backend: UInt8) {
        expectNoProblem(vn_check_calling_thread(backend))
    }

    @Test(arguments: realBackends)
    func tellsWhyItDidNotStart(_ backend: UInt8) {
        expectNoProblem(vn_check_start_errors(backend))
    }

    @Test(arguments: realBackends)
    func runsWhatWasPostedToAWorkerThatCannotOpen(_ backend: UInt8) {
        expectNoProblem(vn_check_start_without_descriptors(backend))
    }

    @Test(arguments: realBackends)
    func servesAUnixDomainSocket(_ backend: UInt8) {
        expectNoProblem(vn_check_unix_socket(backend))
    }

    @Test(arguments: realBackends)
    func letsTheClientSeeItsRefusal(_ backend: UInt8) {
        expectNoProblem(vn_check_lingering(backend))
    }

    @Test(arguments: realBackends)
    func servesOthersBesideAFlood(_ backend: UInt8) {
        expectNoProblem(vn_check_fairness(backend))
    }

    @Test(arguments: realBackends, [1, 2] as [UInt32])
    func servesSeveralListenersAndCountsEach(_ backend: UInt8, workers: UInt32) {
        expectNoProblem(vn_check_listeners(backend, workers))
    }

    @Test(arguments: realBackends, [1, 9] as [UInt32])
    func sharesItsPlacesAmongListeners(_ backend: UInt8, places: UInt32) {
        expectNoProblem(vn_check_listeners_share_places(backend, places))
    }

    @Test(arguments: realBackends, [1, 2] as [UInt32])
    func leavesNothingBoundWhenOneAddressIsInUse(_ backend: UInt8, workers: UInt32) {
        expectNoProblem(vn_check_listener_conflicts(backend, workers))
    }

    @Test(arguments: realBackends)
    func hasUpToSixteenListeners(_ backend: UInt8) {
        expectNoProblem(vn_check_listener_count(backend))
    }
}
