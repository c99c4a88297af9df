// SPDX-License-Identifier: MIT
// Streams of events and the hub over a ring without sockets.

import CVanillaIOChecks
import Testing
import VanillaTestSupport

@Suite struct HubTests {
    @Test(arguments: Transport.allCases)
    func bringsEveryEventToEverySubscriberOnce(over transport: Transport) {
        expectNoProblem(vn_check_hub_delivers(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func replaysWhatWasMissedOrSaysThatItCannot(over transport: Transport) {
        expectNoProblem(vn_check_hub_replays(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func keepsItsHistoryWithinItsBounds(over transport: Transport) {
        expectNoProblem(vn_check_hub_history(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func keepsABacklogWithinItsBounds(over transport: Transport) {
        expectNoProblem(vn_check_hub_slow(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func keepsANewSubscriberThatWasNotSlow(over transport: Transport) {
        expectNoProblem(vn_check_hub_haste(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func keepsTheInboxOfABusyWorkerWithinItsBound(over transport: Transport) {
        expectNoProblem(vn_check_hub_inbox(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func sendsHeartbeatsAndEndsWhenItStops(over transport: Transport) {
        expectNoProblem(vn_check_hub_life(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func refusesWhatIsBeyondItsLimits(over transport: Transport) {
        expectNoProblem(vn_check_hub_refusals(transport.c))
    }

    @Test(arguments: 1..<(isSanitized ? 9 : 41) as Range<UInt64>, Transport.allCases)
    func agreesWithAModelOverRandomComingsAndGoings(seed: UInt64, over transport: Transport) {
        // Each coming is a handshake.
        if transport == .tls, seed > 4 { return }
        expectNoProblem(vn_check_hub_model(transport.c, seed))
    }

    @Test(arguments: Transport.allCases)
    func takesEventsFromManyThreads(over transport: Transport) {
        expectNoProblem(vn_check_hub_threads(transport.c))
    }
}
