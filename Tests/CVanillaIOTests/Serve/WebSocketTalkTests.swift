// SPDX-License-Identifier: MIT
// WebSockets over the scripted ring: what is said, who closes and when, limits, other threads.

import CVanillaIOChecks
import Testing

@Suite struct WebSocketTalkTests {
    @Test(arguments: 0..<vn_websocket_talks, Transport.allCases)
    func talks(row: Int32, over transport: Transport) {
        expectNoProblem(vn_check_websocket_talk(transport.c, row))
    }

    @Test(arguments: Transport.allCases)
    func closes(over transport: Transport) {
        expectNoProblem(vn_check_websocket_closes(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func waitsForWhatIsOwedBeforeTheClose(over transport: Transport) {
        expectNoProblem(vn_check_websocket_owes(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func closesWhereItsUserFails(over transport: Transport) {
        expectNoProblem(vn_check_websocket_failing_user(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func pingsTheSilent(over transport: Transport) {
        expectNoProblem(vn_check_websocket_pings(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func boundsPings(over transport: Transport) {
        expectNoProblem(vn_check_websocket_ping_flood(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func readsNobodyWhoTakesNothing(over transport: Transport) {
        expectNoProblem(vn_check_websocket_input_waits(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func closesWithTheServer(over transport: Transport) {
        expectNoProblem(vn_check_websocket_drains(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func keepsToItsLimits(over transport: Transport) {
        expectNoProblem(vn_check_websocket_limits(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func boundsWhatWaits(over transport: Transport) {
        expectNoProblem(vn_check_websocket_waits(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func takesLargeMessages(over transport: Transport) {
        expectNoProblem(vn_check_websocket_large(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func takesMessagesOfOtherThreads(over transport: Transport) {
        expectNoProblem(vn_check_websocket_posts(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func getsTheEventsOfATopic(over transport: Transport) {
        expectNoProblem(vn_check_websocket_topic(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func isCutOrLosesEventsWhereItIsSlow(over transport: Transport) {
        expectNoProblem(vn_check_websocket_slow(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func readsAfterALateAnswerWhatCameBefore(over transport: Transport) {
        expectNoProblem(vn_check_websocket_late(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func endsWithAClientThatIsLostInTheTurnOfItsAnswer(over transport: Transport) {
        expectNoProblem(vn_check_websocket_lost(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func refusesAndServesTheNextRequest(over transport: Transport) {
        expectNoProblem(vn_check_websocket_refuses(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func survivesDamage(over transport: Transport) {
        for seed in 1..<61 as Range<UInt64> {
            expectNoProblem(vn_check_websocket_damaged(transport.c, seed))
        }
    }
}
