// SPDX-License-Identifier: MIT
// Each limit of a head at its value and one past it, whole and byte by byte.

import CVanillaIOChecks
import Testing

@Suite struct HeadLimitTests {
    @Test func refusesAMethodAloneWith400() {
        expectNoProblem(vn_check_limit_of_method())
    }

    @Test func refusesALongTargetWith414() {
        expectNoProblem(vn_check_limit_of_target())
    }

    @Test func countsTheVersionInTheRequestLine() {
        expectNoProblem(vn_check_limit_of_version())
    }

    @Test func refusesALongFieldWith431() {
        expectNoProblem(vn_check_limit_of_field())
    }

    @Test func refusesTooManyBytesOfFieldsWith431() {
        expectNoProblem(vn_check_limit_of_fields())
    }

    @Test func refusesTooManyFieldsWith431() {
        expectNoProblem(vn_check_limit_of_field_count())
    }

    @Test func refusesANameOfMoreThanSixteenBitsWith431() {
        expectNoProblem(vn_check_limit_of_name())
    }

    @Test func skipsEightEmptyLinesAndRefusesTheNinth() {
        expectNoProblem(vn_check_limit_of_blank_lines())
    }

    @Test func keepsTheDefaults() {
        expectNoProblem(vn_check_limits_by_default())
    }

    @Test func boundsTrailersLikeFields() {
        expectNoProblem(vn_check_limit_of_trailers())
    }
}
