// SPDX-License-Identifier: MIT
// How workers come by connections where only the first one accepts.

import CVanillaIO
import CVanillaIOChecks
import Testing

@Suite struct HandoverTests {
    @Test(arguments: realBackends, [2, 3, 8] as [UInt32])
    func dealsConnectionsOutInTurn(_ backend: UInt8, workers: UInt32) {
        expectNoProblem(vn_check_dealt_in_turn(backend, workers))
    }

    @Test(arguments: realBackends, [false, true])
    func usesAllPlacesOfTheServerAndNoMore(_ backend: UInt8, isBalanced: Bool) {
        expectNoProblem(vn_check_dealt_places(backend, isBalanced))
    }

    @Test(arguments: realBackends)
    func servesWhatWasDealtBeforeAStop(_ backend: UInt8) {
        expectNoProblem(vn_check_dealt_before_a_stop(backend))
    }

    @Test(arguments: realBackends)
    func closesWhatWasDealtTooLate(_ backend: UInt8) {
        expectNoProblem(vn_check_dealt_too_late(backend))
    }
}
