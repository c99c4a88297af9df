// SPDX-License-Identifier: MIT
// Deadlines where it is not the client that is late.

import CVanillaIOChecks
import Testing

@Suite struct LatenessTests {
    @Test(arguments: 0..<vn_unread_requests, Transport.allCases)
    func readsWhatLiesUnreadBeforeADeadlineEndsIt(_ row: Int32, over transport: Transport) {
        expectNoProblem(vn_check_unread_in_time(transport.c, row))
    }

    @Test(arguments: Transport.allCases)
    func endsAClientThatAlwaysHasALittleUnread(over transport: Transport) {
        expectNoProblem(vn_check_dripping_is_late(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func putsDeadlinesOffWhileTheWorkerDoesNotRun(over transport: Transport) {
        expectNoProblem(vn_check_late_worker(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func stopsByTheClockHoweverLateTheWorkerIs(over transport: Transport) {
        expectNoProblem(vn_check_late_stop(transport.c))
    }
}
