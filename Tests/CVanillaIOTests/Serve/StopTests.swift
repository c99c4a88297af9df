// SPDX-License-Identifier: MIT
// What a server that ends connections owes to their clients, over real sockets and on every
// backend; and how idle connections end, over the scripted ring.

import CVanillaIO
import CVanillaIOChecks
import Testing

/// One after the other: each has hundreds of connections.
@Suite(.serialized) struct StopTests {
    @Test(arguments: realBackends)
    func answersWhatHasComeWhenItStops(_ backend: UInt8) {
        expectNoProblem(vn_check_stop_answers_what_has_come(backend))
    }

    @Test(arguments: realBackends)
    func answersWhatHasComeWhenTheIdleDeadlineEnds(_ backend: UInt8) {
        expectNoProblem(vn_check_idle_end_answers_what_has_come(backend))
    }

    @Test(arguments: realBackends, [1, 2] as [UInt32])
    func losesNoRequestWhenItRestartsUnderLoad(_ backend: UInt8, workers: UInt32) {
        expectNoProblem(vn_check_restarts_under_load(backend, workers, 300, true))
    }

    @Test(arguments: realBackends, [1, 2] as [UInt32])
    func losesNoNewConnectionWhenItRestartsUnderLoad(_ backend: UInt8, workers: UInt32) {
        expectNoProblem(vn_check_restarts_under_load(backend, workers, 100, false))
    }

    @Test(arguments: realBackends)
    func answersInItsGraceAndAcceptsNobody(_ backend: UInt8) {
        expectNoProblem(vn_check_lame_duck(backend))
    }

    @Test(arguments: realBackends)
    func leavesTheSocketOfItsSuccessor(_ backend: UInt8) {
        expectNoProblem(vn_check_successor(backend))
    }

    @Test(arguments: realBackends)
    func triesAgainWhileItsAddressIsInUse(_ backend: UInt8) {
        expectNoProblem(vn_check_bind_retry(backend))
    }
}

@Suite struct RetireTests {
    @Test(arguments: Transport.allCases)
    func answersARequestThatMeetsTheIdleDeadline(over transport: Transport) {
        expectNoProblem(vn_check_retires_at_the_idle_deadline(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func answersARequestThatMeetsTheEndOfTheGrace(over transport: Transport) {
        expectNoProblem(vn_check_retires_when_the_server_stops(transport.c))
    }

    @Test(arguments: Transport.allCases)
    func saysInTheGraceThatItCloses(over transport: Transport) {
        expectNoProblem(vn_check_answers_in_the_grace(transport.c))
    }
}
