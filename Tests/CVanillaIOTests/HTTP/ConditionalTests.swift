// SPDX-License-Identifier: MIT
// Entity tags, dates to read, preconditions.

import CVanillaIOChecks
import Testing

@Suite struct ConditionalTests {
    @Test func readsATag() {
        expectNoProblem(vn_check_tags())
    }

    @Test func takesOnlyBytesOfATagBetweenQuotes() {
        expectNoProblem(vn_check_bytes_of_tag())
    }

    @Test func takesTheTagsOfAListAndNoMalformedMember() {
        expectNoProblem(vn_check_tag_lists())
        expectNoProblem(vn_check_tag_lists_at_random(makeSeed()))
    }

    @Test func comparesTagsStronglyAndWeakly() {
        expectNoProblem(vn_check_tag_comparison())
    }

    @Test func hashesAsTheLibraryDoes() {
        expectNoProblem(vn_check_tag_hash())
    }

    @Test func hashesPiecesAsTheWhole() {
        expectNoProblem(vn_check_tag_hash_in_pieces(makeSeed()))
    }

    @Test func readsDatesInThreeForms() {
        expectNoProblem(vn_check_dates_read())
        expectNoProblem(vn_check_dates_read_at_random(makeSeed()))
    }

    @Test func readsYearsOfTwoDigitsUpToFiftyYearsAhead() {
        expectNoProblem(vn_check_dates_of_two_digits())
    }

    @Test func readsNoDamagedDate() {
        expectNoProblem(vn_check_damaged_dates())
    }

    @Test func evaluatesPreconditions() {
        expectNoProblem(vn_check_precondition_rows())
    }

    @Test func evaluatesEveryCombinationAsTheRFCSays() {
        expectNoProblem(vn_check_precondition_combinations())
    }

    @Test func allowsRangesOfTheSameRepresentationOnly() {
        expectNoProblem(vn_check_if_range_combinations())
    }
}
