// SPDX-License-Identifier: MIT
// What hooks are told of the end of exchanges and of refusals, and the log of handlers that hold
// their worker.

import CVanillaIOChecks
import Testing

@Suite struct EndedTests {
    @Test(arguments: 0..<vn_ended_conversations, Transport.allCases)
    func tellsOfEachExchangeOnce(_ row: Int32, over transport: Transport) {
        expectNoProblem(vn_check_ended(transport.c, row))
    }

    @Test(arguments: Transport.allCases)
    func looksAtTheClockTwice(over transport: Transport) {
        expectNoProblem(vn_check_ended_clock(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func tellsWhatWasSentBeforeTheClientLeft(over transport: Transport) {
        expectNoProblem(vn_check_ended_unsent(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func tellsWhatAStopGaveUp(over transport: Transport) {
        expectNoProblem(vn_check_ended_by_stop(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func doesNotCountAnInterimAnswer(over transport: Transport) {
        expectNoProblem(vn_check_ended_after_continue(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func letsTheHookForRefusalsAddToThem(over transport: Transport) {
        expectNoProblem(vn_check_refusal_hook(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func namesHandlersThatHoldTheirWorker(over transport: Transport) {
        expectNoProblem(vn_check_held(transport.c))
    }
}
