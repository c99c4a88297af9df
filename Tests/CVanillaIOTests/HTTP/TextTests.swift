// SPDX-License-Identifier: MIT
// Dates and numbers.

import CVanillaIOChecks
import Testing

@Suite struct TextTests {
    @Test func writesTheDatesAroundEveryMonthsEnd() {
        expectNoProblem(vn_check_dates_at_edges())
    }

    @Test func writesDatesAsTheCLibraryDoes() {
        expectNoProblem(vn_check_dates_at_random(makeSeed()))
    }

    @Test func readsAndWritesDecimalUpToItsEdges() {
        expectNoProblem(vn_check_decimal())
    }

    @Test func readsAndWritesHexadecimal() {
        expectNoProblem(vn_check_hexadecimal())
    }
}
