// SPDX-License-Identifier: MIT
// HTTP/2 over the ring without a kernel.

import CVanillaIOChecks
import Testing

@Suite struct HTTP2Tests {
    @Test(arguments: Transport.allCases)
    func carriesEveryAnswer(over transport: Transport) {
        expectNoProblem(vn_check_http2_answers(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func answersAlikeHoweverTheBytesAreCut(over transport: Transport) {
        expectNoProblem(vn_check_http2_cuts(transport.c))
    }

    @Test(arguments: 1..<101 as Range<UInt64>)
    func answersAlikeUnderRandomSchedules(seed: UInt64) {
        expectNoProblem(vn_check_http2_at_random(Transport.plain.c, seed))
    }

    @Test(arguments: Transport.allCases)
    func endsOnceWhereverTheClientIsLost(over transport: Transport) {
        expectNoProblem(vn_check_http2_lost(transport.c))
    }

    @Test(arguments: 1..<101 as Range<UInt64>)
    func survivesAClientThatBreaksOff(seed: UInt64) {
        expectNoProblem(vn_check_http2_broken(Transport.plain.c, seed))
    }

    @Test(arguments: Transport.allCases)
    func waitsForWindows(over transport: Transport) {
        expectNoProblem(vn_check_http2_windows(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func resumesOneStreamBesideOthers(over transport: Transport) {
        expectNoProblem(vn_check_http2_resumes(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func keepsTheDeadlineOfEachStream(over transport: Transport) {
        expectNoProblem(vn_check_http2_deadlines(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func saysTwiceThatItStops(over transport: Transport) {
        expectNoProblem(vn_check_http2_drains(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func boundsWhatAClientMayDo(over transport: Transport) {
        expectNoProblem(vn_check_http2_bounds(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func knowsAClientByItsFirstBytes(over transport: Transport) {
        expectNoProblem(vn_check_preface(transport.c))
    }

    @Test(arguments: 1..<201 as Range<UInt64>)
    func leavesNothingBehindOfDamagedFrames(seed: UInt64) {
        expectNoProblem(vn_check_http2_damaged(seed))
    }
}
