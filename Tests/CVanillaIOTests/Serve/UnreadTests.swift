// SPDX-License-Identifier: MIT
// Output that clients do not take: how much there may be, and who goes first.

import CVanillaIO
import CVanillaIOChecks
import Testing

/// One after the other: two have hundreds of connections.
@Suite(.serialized) struct UnreadTests {
    @Test(arguments: 1..<101 as Range<UInt64>)
    func choosesThoseThatStalledForLongest(seed: UInt64) {
        expectNoProblem(vn_check_unread_choice(seed))
    }

    @Test func seesWhenAClientTakesNothing() {
        expectNoProblem(vn_check_unread_notes())
    }

    @Test(arguments: Transport.allCases)
    func endsTheLongestStalledDownToTheLimit(over transport: Transport) {
        expectNoProblem(vn_check_unread_order(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func looksOnlyWhileSomethingIsUnread(over transport: Transport) {
        expectNoProblem(vn_check_unread_ends(transport.c))
    }

    @Test(arguments: realBackends)
    func endsThoseWhoLeaveAnswersUnread(_ backend: UInt8) {
        expectNoProblem(vn_check_unread_answers(backend))
    }

    @Test(arguments: realBackends)
    func endsSubscribersWhoLeaveEventsUnread(_ backend: UInt8) {
        expectNoProblem(vn_check_unread_events(backend))
    }

    @Test(arguments: 0..<vn_unread_closes, realBackends)
    func leavesNothingToTheKernelWhenItCloses(row: Int32, _ backend: UInt8) {
        expectNoProblem(vn_check_unread_close(backend, row, false))
        expectNoProblem(vn_check_unread_close(backend, row, true))
    }
}
