// SPDX-License-Identifier: MIT
// Ranges, the texts between parts, and content codings.

import CVanillaIOChecks
import Testing

@Suite struct RangeTests {
    @Test func selectsWhatARangeNames() {
        expectNoProblem(vn_check_ranges())
        expectNoProblem(vn_check_ranges_at_random(makeSeed()))
    }

    @Test func writesWhatStandsBetweenParts() {
        expectNoProblem(vn_check_part_texts())
    }

    @Test func choosesACodingByItsWeight() {
        expectNoProblem(vn_check_codings())
    }
}
