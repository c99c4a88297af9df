// SPDX-License-Identifier: MIT
// Exchanges, answers, streams and detached handlers over a carrier that is not HTTP.

import CVanillaIOChecks
import Testing

@Suite struct LineProtocolTests {
    @Test(arguments: Transport.allCases)
    func carriesEveryAnswer(over transport: Transport) {
        expectNoProblem(vn_check_lines_are_answered(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func answersAlikeHoweverTheBytesAreCut(over transport: Transport) {
        expectNoProblem(vn_check_lines_cut(transport.c))
    }

    @Test(arguments: 1..<301 as Range<UInt64>, Transport.allCases)
    func answersAlikeUnderRandomSchedules(seed: UInt64, over transport: Transport) {
        expectNoProblem(vn_check_lines_at_random(transport.c, seed))
    }

    @Test(arguments: Transport.allCases)
    func endsOnceWhereverTheClientIsLost(over transport: Transport) {
        expectNoProblem(vn_check_lines_lost(transport.c))
    }

    @Test(arguments: 1..<201 as Range<UInt64>, Transport.allCases)
    func survivesAClientThatBreaksOff(seed: UInt64, over transport: Transport) {
        expectNoProblem(vn_check_lines_broken(transport.c, seed))
    }

    @Test(arguments: Transport.allCases)
    func answersInAnyOrder(over transport: Transport) {
        expectNoProblem(vn_check_lines_out_of_order(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func opensNoMoreExchangesThanItMay(over transport: Transport) {
        expectNoProblem(vn_check_lines_wait(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func writesTwoBodiesInTurn(over transport: Transport) {
        expectNoProblem(vn_check_lines_stream(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func letsHandlersGoOn(over transport: Transport) {
        expectNoProblem(vn_check_lines_detached(transport.c))
    }

    @Test(arguments: 1..<301 as Range<UInt64>, Transport.allCases)
    func endsEveryHandlerOnce(seed: UInt64, over transport: Transport) {
        expectNoProblem(vn_check_lines_detached_at_random(transport.c, seed))
    }

    @Test(arguments: Transport.allCases)
    func carriesStreamsOfEvents(over transport: Transport) {
        expectNoProblem(vn_check_lines_subscribe(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func keepsTheDeadlineOfEachExchange(over transport: Transport) {
        expectNoProblem(vn_check_lines_expire(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func finishesWhatIsInHandWhenItDrains(over transport: Transport) {
        expectNoProblem(vn_check_lines_drain(transport.c))
    }
}
