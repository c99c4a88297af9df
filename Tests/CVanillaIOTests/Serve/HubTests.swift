// SPDX-License-Identifier: MIT
// Streams of events and the hub over a ring without sockets.

import CVanillaIOChecks
import Testing

@Suite struct HubTests {
    @Test func bringsEveryEventToEverySubscriberOnce() {
        expectNoProblem(vn_check_hub_delivers())
    }

    @Test func replaysWhatWasMissedOrSaysThatItCannot() {
        expectNoProblem(vn_check_hub_replays())
    }

    @Test func keepsItsHistoryWithinItsBounds() {
        expectNoProblem(vn_check_hub_history())
    }

    @Test func keepsABacklogWithinItsBounds() {
        expectNoProblem(vn_check_hub_slow())
    }

    @Test func takesNobodyForSlowWhoHasJustCome() {
        expectNoProblem(vn_check_hub_haste())
    }

    @Test func keepsTheInboxOfABusyWorkerWithinItsBound() {
        expectNoProblem(vn_check_hub_inbox())
    }

    @Test func showsThatItLivesAndSaysFarewell() {
        expectNoProblem(vn_check_hub_life())
    }

    @Test func refusesWhatIsBeyondItsLimits() {
        expectNoProblem(vn_check_hub_refusals())
    }

    @Test(arguments: 1..<41 as Range<UInt64>)
    func agreesWithAModelOverRandomComingsAndGoings(seed: UInt64) {
        expectNoProblem(vn_check_hub_model(seed))
    }

    @Test func takesEventsFromManyThreads() {
        expectNoProblem(vn_check_hub_threads())
    }
}
