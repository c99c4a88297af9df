// SPDX-License-Identifier: MIT
// Answers that are given before the whole of their request has come.

import CVanillaIOChecks
import Testing

@Suite struct EarlyAnswerTests {
    @Test(arguments: 0..<vn_early_answers, Transport.allCases)
    func completesNoAnswerBeforeItsRequestUnlessItCloses(_ row: Int32, over transport: Transport) {
        expectNoProblem(vn_check_early_answer(transport.c, row))
    }

    @Test(arguments: Transport.allCases)
    func holdsADeferredAnswer(over transport: Transport) {
        expectNoProblem(vn_check_early_deferral(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func closesWhereTheRestDoesNotCome(over transport: Transport) {
        expectNoProblem(vn_check_early_answer_without_end(transport.c))
    }
}
